-- Each entity counts in one period a grain.
with sums as (
    select
        funnel, grain, step,
        sum(entered) as entered, sum(reached) as reached, sum(open) as open, sum(lost) as lost,
        sum(matured) as matured, sum(matured_reached) as matured_reached
    from {{ ref('rpt_funnel_trend') }}
    group by funnel, grain, step
)
select sums.*
from sums
inner join {{ ref('rpt_funnel_steps') }} as whole
    on sums.funnel = whole.funnel and sums.step = whole.step and whole.breakdown = '(all)'
where
    sums.entered <> whole.entered or sums.reached <> whole.reached
    or sums.open is distinct from whole.open or sums.lost is distinct from whole.lost
    or sums.matured is distinct from whole.matured
    or sums.matured_reached is distinct from whole.matured_reached
