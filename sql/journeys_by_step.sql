-- Journeys that filled a step, or did not. Grain: entity x attempt. Parameters: step; reached.
-- On the engine's temp tables.
select
    entities.entity_id,
    journeys.first_entry_us,
    journeys.level,
    journeys.reason,
    journeys.last_us
from fk_journeys as journeys
inner join fk_entities as entities on (journeys.p & 4294967295) = entities.entity_key
left join (
    select distinct
        p,
        attempt
    from fk_chain_rows
    where run = 'all' and filled = $step
) as done on journeys.p = done.p and journeys.attempt = done.attempt
where (done.p is not null) = $reached
order by entities.entity_id, journeys.attempt
