-- Who got as far as a required step before, and who of them was lost before the next: entities whose
-- window has closed. Grain: funnel x step x customer x value. On fk_customers (entity, entity_id,
-- customer_id, revenue_cents, value).
with

journeys as (

    select funnel, entity_id, max(matured_level) as level
    from fct_funnel_journeys
    where is_mature
    group by funnel, entity_id

),

steps as (

    select steps.funnel_no, steps.funnel, funnels.entity, steps.step, steps.step_name, steps.previous_step
    from dim_funnel_steps as steps
    inner join dim_funnels as funnels on steps.funnel_no = funnels.funnel_no
    where steps.previous_step is not null and not steps.is_optional

)

select
    steps.funnel_no,
    steps.funnel,
    steps.step,
    steps.step_name,
    customers.value,
    customers.customer_id,
    max(customers.revenue_cents) as revenue_cents,
    count(*) as n,
    count(*) filter (where journeys.level < steps.step) as k
from steps
inner join journeys on steps.funnel = journeys.funnel and steps.previous_step <= journeys.level
inner join fk_customers as customers
    on steps.entity = customers.entity and journeys.entity_id = customers.entity_id
group by all
order by
    steps.funnel_no, steps.step, customers.value nulls first, customers.customer_id
