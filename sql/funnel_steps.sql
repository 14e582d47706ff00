-- Counts by step. Grain: breakdown value x step; the total has null for breakdown and value.
-- Parameters: funnel; breakdown, null for the total. Values by entries, the largest first.
select
    funnel,
    nullif(breakdown, '(all)') as breakdown,
    case when breakdown <> '(all)' then value end as value,
    step,
    step_name,
    entered,
    reached,
    open,
    lost,
    matured,
    matured_reached,
    median_us,
    p25_us,
    p75_us,
    p90_us
from rpt_funnel_steps
where funnel = $funnel and breakdown = coalesce($breakdown, '(all)')
order by value = '(other)', entered desc, value, step
