-- Who stayed at a step for good: their window has closed, and no chain got further. Grain: entity.
-- Parameters: funnel; step, that of the deepest required step. On fk_customers (entity, entity_id,
-- customer_id, revenue_cents, value).
with

journeys as (

    select
        journeys.funnel,
        journeys.entity_id,
        max(journeys.matured_level) as level,
        max(journeys.chain_last_at) as last_at
    from fct_funnel_journeys as journeys
    where journeys.funnel = $funnel and journeys.is_mature
    group by journeys.funnel, journeys.entity_id

)

select
    funnels.entity,
    journeys.entity_id,
    customers.customer_id,
    customers.revenue_cents,
    customers.value,
    journeys.last_at
from journeys
inner join dim_funnels as funnels on journeys.funnel = funnels.funnel
inner join fk_customers as customers
    on funnels.entity = customers.entity and journeys.entity_id = customers.entity_id
where journeys.level = $step
order by journeys.entity_id
