{{ config(materialized='grown', follows='event ids', reads=[], after=['stg_raw__events']) }}

-- Rows whose event_id another row has, which was received first; by the log alone, so that whose an
-- id turns out to be changes nothing here. The rest of the order names every column, so that only
-- equal rows tie.
with

{%- set grows = funnelkit.grows() %}

repeated as (
    {# By a short hash: most ids occur once, and are never kept as text. #}
    select {{ funnelkit.event_identity_hash('events') }} as id_hash
    from {{ ref('stg_raw__events') }} as events
    where reject_reason is null
        {%- if grows %}
        and {{ funnelkit.event_identity_hash('events') }} in (
            select {{ funnelkit.event_identity_hash('events') }} from {{ ref('stg_raw__events') }} as events
            where reject_reason is null and load_no > {{ funnelkit.grown_since() }}
        )
        {%- endif %}
    group by 1
    having count(*) > 1

),

candidates as (

    select
        events.* except (event_id),
        {{ funnelkit.event_identity('events') }} as event_id
    from {{ ref('stg_raw__events') }} as events
    where reject_reason is null and {{ funnelkit.event_identity_hash('events') }} in (select id_hash from repeated)

),

placed as (

    select
        row_no,
        event_id,
        logged_id,
        row_number() over (
            partition by event_id
            order by
                received_at nulls last, occurred_at, logged_id, event_name, anonymous_id nulls last,
                account_id nulls last, properties nulls last, untyped_values, previous_id nulls last, row_no
        ) as place
    from candidates

)

select row_no, event_id, logged_id from placed where place > 1
