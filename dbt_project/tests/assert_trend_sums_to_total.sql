-- Each entity counts in one period of every grain.
with sums as (
    select
        funnel, grain, step,
        sum(entered) as entered, sum(reached) as reached, sum(open) as open, sum(lost) as lost,
        sum(matured) as matured, sum(matured_reached) as matured_reached
    from {{ ref('rpt_funnel_trend') }}
    group by funnel, grain, step
),
grains as (
    select 'day' as grain
    union all
    select 'week' as grain
    union all
    select 'month' as grain
)
select whole.funnel, grains.grain, whole.step
from {{ ref('rpt_funnel_steps') }} as whole
cross join grains
left join sums on whole.funnel = sums.funnel and whole.step = sums.step and grains.grain = sums.grain
where
    whole.breakdown = '(all)' and whole.entered > 0 and (
        sums.entered is distinct from whole.entered or sums.reached is distinct from whole.reached
        or sums.open is distinct from whole.open or sums.lost is distinct from whole.lost
        or sums.matured is distinct from whole.matured
        or sums.matured_reached is distinct from whole.matured_reached
    )
