-- The time-to-convert curve starts from all entrants, and its events are the conversions.
with curve as (
    select funnel, sum(converted + censored) as entrants, min(elapsed_us) as least
    from {{ ref('rpt_funnel_times') }}
    group by funnel
),
entrants as (
    select funnel, count(*) as entrants from {{ ref('fct_funnel_journeys') }} group by funnel
)
select entrants.*
from entrants
left join curve on entrants.funnel = curve.funnel
where curve.entrants is distinct from entrants.entrants or curve.least < 0
