{{ config(materialized='grown', follows='load', reads=[], after=['stg_raw__events', 'int_identity_changes', 'int_user_keys', 'int_events_duplicates']) }}
{%- set since = funnelkit.grown_since() -%}

-- Users whose rows a load touched, by load: with a new row, told anew, given an id or deprived of
-- one, or with a row that shares its event_id with a new one. Begins empty where all is built whole.
with

{% if funnelkit.grows() %}
touched_ids as (

    select logged_id from {{ ref('int_log_ids') }} where load_no > {{ since }}
    union
    select logged_id from {{ ref('stg_raw__users') }} where load_no > {{ since }} and load_no <= {{ funnelkit.grown_until() }} and reject_reason is null
    union
    select logged_id from {{ ref('stg_raw__events') }}
    where reject_reason is null and event_id in (
        {# Without ids of the log's own, the same event is the same user's. #}
        select events.event_id
        from {{ ref('stg_raw__events') }} as events
        where events.reject_reason is null and events.load_no > {{ since }}
            and events.event_id in (select event_id from {{ ref('int_events_duplicates') }})
    )

),

moved as (

    select user_id, previous_user_id from {{ ref('int_identity_changes') }}
    where load_no > {{ since }} and previous_user_id <> user_id

),

touched as (

    select identities.user_key, false as is_merged
    from touched_ids
    inner join {{ ref('int_identities') }} as identities on touched_ids.logged_id = identities.logged_id
    union all
    select keys.user_key, true as is_merged
    from (
        select user_id from moved
        union
        select previous_user_id as user_id from moved
    ) as concerned
    inner join {{ ref('int_user_keys') }} as keys on concerned.user_id = keys.user_id

),

final as (

    select
        {{ funnelkit.grown_until() }} as load_no,
        user_key,
        bool_or(is_merged) as is_merged
    from touched
    where {{ funnelkit.grown_until() }} > {{ since }}
    group by user_key

)
{% else %}
final as (

    select cast(null as bigint) as load_no, user_key, false as is_merged
    from {{ ref('int_identities') }}
    where false

)
{% endif %}
select * from final
