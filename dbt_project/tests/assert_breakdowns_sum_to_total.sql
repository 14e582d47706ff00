-- One value an entity: the rows of every declared breakdown sum to the total at every step.
with sums as (
    select
        funnel, breakdown, step,
        sum(entered) as entered, sum(reached) as reached, sum(open) as open, sum(lost) as lost,
        sum(matured) as matured, sum(matured_reached) as matured_reached
    from {{ ref('rpt_funnel_steps') }}
    group by funnel, breakdown, step
),
declared as (
    {{ funnelkit.declared_breakdowns() }}
)
select declared.funnel, declared.breakdown, whole.step
from declared
inner join sums as whole on declared.funnel = whole.funnel and whole.breakdown = '(all)' and whole.entered > 0
left join sums as parts
    on declared.funnel = parts.funnel and declared.breakdown = parts.breakdown and whole.step = parts.step
where
    parts.entered is distinct from whole.entered or parts.reached is distinct from whole.reached
    or parts.open is distinct from whole.open or parts.lost is distinct from whole.lost
    or parts.matured is distinct from whole.matured
    or parts.matured_reached is distinct from whole.matured_reached
