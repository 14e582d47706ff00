-- The required steps of a funnel, and who was lost before each. Grain: step. Parameter: funnel.
select
    steps.step,
    steps.step_name,
    steps.previous_step,
    count(journeys.entity_id) as lost
from dim_funnel_steps as steps
left join (
    select entity_id, max(matured_level) as level
    from fct_funnel_journeys
    where funnel = $funnel and is_mature
    group by entity_id
) as journeys on steps.previous_step <= journeys.level and journeys.level < steps.step
where steps.funnel = $funnel and not steps.is_optional
group by steps.step, steps.step_name, steps.previous_step
order by steps.step
