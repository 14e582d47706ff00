with

journeys as (

    select * from {{ ref('int_funnel_journeys') }}

),

entities as (

    select * from {{ ref('int_funnel_entities') }}

),

final as (

    select
        entities.funnel,
        entities.entity_id,
        journeys.attempt,
        journeys.level,
        journeys.matured_level,
        journeys.first_converted_us,
        journeys.reason,
        journeys.is_mature,
        journeys.is_open,
        {{ funnelkit.from_us('journeys.first_entry_us') }} as first_entry_at,
        {{ funnelkit.from_us('journeys.entry_us') }} as chain_entry_at,
        {{ funnelkit.from_us('journeys.last_us') }} as chain_last_at,
        {{ funnelkit.from_us('journeys.stopped_us') }} as stopped_at
    from journeys
    inner join entities on journeys.p = entities.p

)

select * from final
