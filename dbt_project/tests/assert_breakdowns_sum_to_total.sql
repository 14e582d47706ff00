-- One value an entity: the rows of a breakdown sum to the total at every step.
with sums as (
    select
        funnel, breakdown, step,
        sum(entered) as entered, sum(reached) as reached, sum(open) as open, sum(lost) as lost,
        sum(matured) as matured, sum(matured_reached) as matured_reached
    from {{ ref('rpt_funnel_steps') }}
    group by funnel, breakdown, step
)
select parts.*
from sums as parts
inner join sums as whole on parts.funnel = whole.funnel and parts.step = whole.step and whole.breakdown = '(all)'
where
    parts.entered <> whole.entered or parts.reached <> whole.reached
    or parts.open is distinct from whole.open or parts.lost is distinct from whole.lost
    or parts.matured is distinct from whole.matured
    or parts.matured_reached is distinct from whole.matured_reached
