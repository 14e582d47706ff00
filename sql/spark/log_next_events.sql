-- The very next event of journeys lost after a step, as sql/journeys_next.sql has it, of all funnels and
-- steps. Grain: funnel x step x event, null for no event.
with

chain_rows as (

    select
        chain_rows.p,
        chain_rows.attempt,
        chain_rows.filled,
        chain_rows.us,
        chain_rows.event_no
    from int_funnel_chain_rows as chain_rows
    inner join dim_funnel_steps as steps
        on chain_rows.p >> 56 = steps.funnel_no and chain_rows.filled = steps.step
    where chain_rows.run = 'all' and not steps.is_optional
    qualify row_number() over (
        partition by chain_rows.p, chain_rows.attempt order by chain_rows.step desc
    ) = 1

),

stopped as (

    select
        journeys.p,
        journeys.attempt,
        journeys.funnel_no,
        chain_rows.filled as step,
        entities.entity,
        entities.entity_id,
        journeys.entry_us + funnels.window_us as until_us,
        chain_rows.us,
        chain_rows.event_no
    from int_funnel_journeys as journeys
    inner join dim_funnels as funnels on journeys.funnel_no = funnels.funnel_no
    inner join chain_rows on journeys.p = chain_rows.p and journeys.attempt = chain_rows.attempt
    inner join int_funnel_entities as entities on journeys.p = entities.p
    where journeys.reason not in ('converted', 'open')

),

placed as (

    select
        stopped.p,
        stopped.attempt,
        stopped.funnel_no,
        stopped.entity,
        stopped.entity_id,
        stopped.until_us,
        stopped.us,
        min(funnel_rows.pos) as pos
    from stopped
    left join int_funnel_rows as funnel_rows
        on stopped.funnel_no = funnel_rows.p >> 56
        and stopped.p & 4294967295 = funnel_rows.p & 4294967295
        and stopped.us = funnel_rows.us
        and stopped.event_no = funnel_rows.event_no
    group by all

),

later as (

    select
        placed.p,
        placed.attempt,
        accepted.event_name
    from placed
    inner join (
        {accepted}
    ) as accepted
        on placed.entity = accepted.entity
        and placed.entity_id = accepted.entity_id
        and placed.us <= unix_micros(accepted.occurred_at)
        and coalesce(unix_micros(accepted.occurred_at) <= placed.until_us, true)
    left join int_funnel_rows as funnel_rows
        on placed.funnel_no = funnel_rows.p >> 56
        and placed.p & 4294967295 = funnel_rows.p & 4294967295
        and unix_micros(accepted.occurred_at) = funnel_rows.us
        and accepted.event_no = funnel_rows.event_no
    where unix_micros(accepted.occurred_at) > placed.us or coalesce(funnel_rows.pos > placed.pos, true)
    qualify row_number() over (
        partition by placed.p, placed.attempt
        order by
            accepted.occurred_at, funnel_rows.pos nulls last, accepted.event_no, accepted.event_name
    ) = 1

)

select
    funnels.funnel,
    stopped.step,
    later.event_name as event,
    count(*) as entities,
    count(distinct stopped.p & 4294967295) as clusters
from stopped
inner join dim_funnels as funnels on stopped.funnel_no = funnels.funnel_no
left join later on stopped.p = later.p and stopped.attempt = later.attempt
group by funnels.funnel, stopped.step, later.event_name
