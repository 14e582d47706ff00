-- The very next event, within the window, of journeys lost after a step. Grain: event name, null for
-- no event. Parameters: step; window_us, null without a window. On the engine's temp tables.
-- clusters: entities; entities: journeys, of which one may have several where attempts count.
with

chain_rows as (

    select
        chain_rows.p,
        chain_rows.attempt,
        chain_rows.filled,
        chain_rows.us,
        chain_rows.event_no
    from fk_chain_rows as chain_rows
    inner join fk_steps as steps on chain_rows.filled = steps.step
    where chain_rows.run = 'all' and not steps.is_optional
    qualify row_number() over (
        partition by chain_rows.p, chain_rows.attempt order by chain_rows.step desc
    ) = 1

),

stopped as (

    select
        journeys.p,
        journeys.attempt,
        entities.entity_id,
        entities.entity_key,
        journeys.entry_us + $window_us as until_us,
        chain_rows.us,
        chain_rows.event_no
    from fk_journeys as journeys
    inner join chain_rows on journeys.p = chain_rows.p and journeys.attempt = chain_rows.attempt
    inner join fk_entities as entities on (journeys.p & 4294967295) = entities.entity_key
    where chain_rows.filled = $step and journeys.reason not in ('converted', 'open')

),

-- Where a row stands among the entity's; an event that is no row of the funnel stands last.
placed as (

    select
        stopped.*,
        min(fk_rows.pos) as pos
    from stopped
    left join fk_rows
        on stopped.entity_key = (fk_rows.p & 4294967295)
        and stopped.us = fk_rows.us
        and stopped.event_no = fk_rows.event_no
    group by all

),

later as (

    select
        placed.p,
        placed.attempt,
        accepted.event_name
    from placed
    inner join fk_accepted as accepted
        on placed.entity_id = accepted.fk_entity_id
        and make_timestamp(placed.us) <= accepted.occurred_at
        and coalesce(epoch_us(accepted.occurred_at) <= placed.until_us, true)
    left join fk_rows
        on placed.entity_key = (fk_rows.p & 4294967295)
        and epoch_us(accepted.occurred_at) = fk_rows.us
        and accepted.fk_event_no = fk_rows.event_no
    where epoch_us(accepted.occurred_at) > placed.us or coalesce(fk_rows.pos > placed.pos, true)
    qualify row_number() over (
        partition by placed.p, placed.attempt
        order by
            accepted.occurred_at, fk_rows.pos nulls last, accepted.fk_event_no, accepted.event_name
    ) = 1

)

select
    later.event_name as event,
    count(*) as entities,
    count(distinct stopped.entity_key) as clusters
from stopped
left join later on stopped.p = later.p and stopped.attempt = later.attempt
group by later.event_name
order by entities desc, event
