with

chain_rows as (

    select chain_rows.*
    from {{ ref('int_funnel_chain_rows') }} as chain_rows
    inner join {{ ref('int_funnel_journeys') }} as journeys
        on chain_rows.p = journeys.p and chain_rows.attempt = journeys.attempt
    where chain_rows.run <> 'first'

),

entities as (

    select * from {{ ref('int_funnel_entities') }}

),

steps as (

    select * from {{ ref('dim_funnel_steps') }}

),

events as (

    select event_no, event_id, event_name from {{ ref('fct_events') }}

),

final as (

    select
        entities.funnel,
        entities.entity_id,
        chain_rows.attempt,
        chain_rows.run,
        chain_rows.step,
        steps.step_name,
        steps.is_optional,
        events.event_id,
        events.event_name,
        chain_rows.us_from_entry,
        chain_rows.us_from_previous,
        {{ funnelkit.from_us('chain_rows.us') }} as reached_at
    from chain_rows
    inner join entities on chain_rows.p = entities.p
    inner join steps on entities.funnel_no = steps.funnel_no and chain_rows.step = steps.step
    inner join events on chain_rows.event_no = events.event_no

)

select * from final
