-- Counts of the time-to-convert curve. Grain: distinct time since the first entry. Parameter: funnel.
select
    funnel,
    elapsed_us,
    converted,
    censored
from rpt_funnel_times
where funnel = $funnel
order by elapsed_us
