-- The funnels as they were built. Grain: funnel, in the order of the definitions.
select
    funnel,
    description,
    entity,
    entry_rule,
    window_us,
    steps,
    definition,
    definition_hash
from dim_funnels
order by funnel_no
