{{ config(enabled=funnelkit.declares('aha')) }}
-- Every entrant reached it, may still, or did not; of the matured it is known. Who was seen for less
-- than the window is in no denominator: neither who is still open nor who reached it early.
with

counts as (

    select
        *,
        matured_reached + not_reached as decided
    from {{ ref('rpt_aha_reach') }}

),

seen as (

    select
        moments.aha,
        moments.cohort,
        count(*) as entrants,
        count_if(moments.seen_us >= names.within_us) as matured,
        count(case when moments.seen_us >= names.within_us and moments.reached_us < names.within_us then 1 end) as matured_reached
    from {{ ref('fct_aha_moments') }} as moments
    inner join {{ ref('dim_aha_moments') }} as names on moments.aha = names.aha
    group by moments.aha, moments.cohort

)

select counts.aha, counts.cohort, counts.breakdown, counts.value
from counts
where counts.entrants <> counts.reached + counts.open + counts.not_reached
    or counts.matured <> counts.decided
    or counts.matured > counts.entrants
    or counts.matured_reached > counts.matured
    or counts.matured_reached > counts.reached
union all
select seen.aha, seen.cohort, cast(null as string) as breakdown, cast(null as string) as value
from seen
left join counts on seen.aha = counts.aha and seen.cohort = counts.cohort and counts.breakdown is null
where counts.entrants is distinct from seen.entrants
    or counts.matured is distinct from seen.matured
    or counts.matured_reached is distinct from seen.matured_reached
