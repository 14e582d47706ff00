{{ config(materialized='view') }}
{%- set settings = funnelkit.settings() -%}

-- Accepted rows with the user they belong to; duplicates still in.
with

events as (

    select * from {{ ref('stg_raw__events') }} where reject_reason is null

),

identities as (

    select * from {{ ref('int_identities') }}

),

final as (

    select
        events.event_id,
        -- Never told: still an entity, under a name that no user id is taken for.
        coalesce(events.user_id, identities.user_id, 'anonymous:' || events.anonymous_id) as user_id,
        events.anonymous_id,
        events.account_id,
        events.event_name,
        events.properties,
        {% for name in settings.event_properties -%}
        events.{{ name }},
        {% endfor -%}
        events.untyped_values,
        events.occurred_at,
        events.received_at
    from events
    left join identities on events.anonymous_id = identities.anonymous_id

)

select * from final
