-- Counts by cohort of first entry. Grain: period x step. Parameters: funnel; grain: day, week, month.
select
    cast(period as varchar) as period,
    funnel,
    cast(null as varchar) as breakdown,
    cast(null as varchar) as value,
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
from rpt_funnel_trend
where funnel = $funnel and grain = $grain
order by period, step
