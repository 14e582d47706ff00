{{ config(enabled=funnelkit.declares('aha')) }}
-- Nobody comes back who could not be seen, a week never has more entrants than the one before, and the
-- values of a user property sum to all entrants.
with

cells as (

    select
        *,
        lag(matured) over (partition by clock, outcome, cohort, breakdown, value order by week) as matured_before
    from {{ ref('rpt_retention') }}

),

sums as (

    select
        clock, outcome, cohort, breakdown, week,
        sum(matured) as matured, sum(retained) as retained
    from cells
    group by clock, outcome, cohort, breakdown, week

)

select clock, outcome, cohort, breakdown, week
from cells
where retained > matured or matured > entrants or matured > matured_before or week not between 0 and 52
union all
select parts.clock, parts.outcome, parts.cohort, parts.breakdown, parts.week
from sums as parts
inner join sums as whole
    on parts.clock = whole.clock and parts.outcome = whole.outcome and parts.cohort = whole.cohort
    and parts.week = whole.week and whole.breakdown is null
where parts.matured > whole.matured or parts.retained > whole.retained
    or parts.breakdown not like 'aha:%' and (parts.matured <> whole.matured or parts.retained <> whole.retained)
