-- reached is monotone, and whoever reached step k-1 reached step k, is open, or is lost.
with steps as (
    select
        *,
        lag(reached) over (partition by funnel, breakdown, value order by step) as reached_before,
        lag(matured_reached) over (partition by funnel, breakdown, value order by step) as matured_before
    from {{ ref('rpt_funnel_steps') }}
)
select *
from steps
where
    (step = 1 and (reached <> entered or matured_reached <> matured))
    or reached > reached_before
    or reached_before <> reached + open + lost
    or matured_reached > matured_before
    or matured_reached > reached
