-- Names of a funnel's breakdowns as built. Grain: breakdown. Parameter: funnel.
select distinct breakdown
from rpt_funnel_steps
where funnel = $funnel and breakdown <> '(all)'
order by breakdown
