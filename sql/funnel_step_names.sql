-- Names of a funnel's steps as built. Grain: step. Parameter: funnel.
select
    step,
    step_name
from dim_funnel_steps
where funnel = $funnel
order by step
