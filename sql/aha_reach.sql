-- Counts of who reached an aha moment. Grain: entry week x breakdown value.
-- Parameters: aha; breakdown, null for everybody.
select
    aha,
    cast(cohort as varchar) as cohort,
    breakdown,
    value,
    entrants,
    matured,
    matured_reached,
    reached,
    open,
    not_reached
from rpt_aha_reach
where aha = $aha and breakdown is not distinct from $breakdown
order by cohort, value nulls first
