-- The aha moments as they were built. Grain: aha moment, in the order of the definitions.
select
    aha,
    clock_no,
    clock,
    entity,
    funnel,
    within_us,
    outcome,
    cast(declared_on as varchar) as declared_on,
    definition,
    definition_hash
from dim_aha_moments
order by aha_no
