-- Counts by step. Grain: breakdown value x step; the total has null for breakdown and value.
-- Parameters: funnel; breakdown, null for the total. Values by entries, the largest first, then those
-- that are no values.
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
    p90_us,
    is_optional,
    previous_step,
    clusters,
    sum_x2,
    sum_xm,
    sum_m2,
    sum_xprev,
    sum_prev2
from rpt_funnel_steps
where funnel = $funnel and breakdown = coalesce($breakdown, '(all)')
order by
    case value when '(not reached)' then 2 when '(other)' then 1 else 0 end,
    entered desc,
    value,
    step
