{{ config(enabled=funnelkit.declares('aha')) }}
{%- set plan = funnelkit.project_aha_plan() -%}
{%- set weeks = 53 -%}

-- Who came back in which week after the entry, by entry week and breakdown value. Of an entrant those
-- weeks count that are over: a cell holds who could be seen in all of it.
with

entrants as (

    select
        clock_no,
        clock,
        entity,
        entity_key,
        entry_us,
        cohort,
        cast(least({{ funnelkit.whole_weeks('greatest(' ~ funnelkit.observed_us() ~ ' - entry_us, 0)') }}, {{ weeks }}) as bigint) as weeks
    from {{ ref('int_entrants') }}

),

outcomes as (
    {{ funnelkit.pair_values(plan) }}
),

-- The opposite of coming back has the same weeks: once is enough.
pairs as (

    select outcomes.clock_no, outcomes.outcome_no, names.outcome
    from outcomes
    inner join {{ ref('dim_outcomes') }} as names on outcomes.outcome_no = names.outcome_no
    where outcomes.kind = 'event' and not outcomes.negated

),

numbers as (
    {% for week in range(weeks) %}
    {{ 'union all ' if not loop.first }}select cast({{ week }} as bigint) as week
    {%- endfor %}

),

events as (

    {{ funnelkit.funnel_events() }}

),

counted as (

    {{ funnelkit.outcome_events(plan, 'events', funnelkit.entity_keys(), ['event']) }}

),

-- One row an entrant and week, however much happened in it.
active as (

    select distinct
        pairs.clock_no,
        pairs.outcome_no,
        entrants.entity_key,
        cast({{ funnelkit.whole_weeks('counted.us - entrants.entry_us') }} as bigint) as week
    from counted
    inner join entrants on counted.entity = entrants.entity and counted.entity_key = entrants.entity_key
    inner join pairs on entrants.clock_no = pairs.clock_no and counted.outcome_no = pairs.outcome_no
    where counted.us >= entrants.entry_us
        and counted.us < entrants.entry_us + entrants.weeks * 604800000000

),

-- Who reached an aha moment is known when its window is over: no earlier week tells of it.
groups as (

    select clock_no, entity_key, cast(null as string) as breakdown, cast(null as string) as value, cast(0 as bigint) as first_week
    from entrants
    union all
    select clock_no, entity_key, breakdown, value, cast(0 as bigint) as first_week
    from {{ ref('int_entrant_values') }}
    union all
    select
        moments.clock_no,
        reached.entity_key,
        'aha:' || moments.aha as breakdown,
        case when reached.is_reached then 'reached' else 'not reached' end as value,
        cast({{ funnelkit.whole_weeks('moments.within_us + 604800000000 - 1') }} as bigint) as first_week
    from {{ ref('fct_aha_moments') }} as reached
    inner join {{ ref('dim_aha_moments') }} as moments on reached.aha_no = moments.aha_no
    where reached.is_mature and reached.is_after_declaration

),

members as (

    select
        groups.clock_no,
        groups.entity_key,
        groups.breakdown,
        groups.value,
        groups.first_week,
        entrants.clock,
        entrants.cohort,
        entrants.weeks
    from groups
    inner join entrants on groups.clock_no = entrants.clock_no and groups.entity_key = entrants.entity_key

),

sizes as (

    select clock_no, clock, cohort, breakdown, value, first_week, weeks, count(*) as entrants
    from members
    group by clock_no, clock, cohort, breakdown, value, first_week, weeks

),

cells as (

    select
        sizes.clock_no,
        sizes.clock,
        sizes.cohort,
        sizes.breakdown,
        sizes.value,
        numbers.week,
        cast(sum(sizes.entrants) as bigint) as entrants,
        cast(sum(case when numbers.week < sizes.weeks then sizes.entrants else 0 end) as bigint) as matured
    from sizes
    inner join numbers on numbers.week >= sizes.first_week
    group by sizes.clock_no, sizes.clock, sizes.cohort, sizes.breakdown, sizes.value, numbers.week

),

returned as (

    select active.clock_no, active.outcome_no, members.cohort, members.breakdown, members.value, active.week, count(*) as retained
    from active
    inner join members
        on active.clock_no = members.clock_no
        and active.entity_key = members.entity_key
        and active.week >= members.first_week
    group by active.clock_no, active.outcome_no, members.cohort, members.breakdown, members.value, active.week

),

final as (

    select
        cells.clock,
        pairs.outcome,
        cells.breakdown,
        cells.value,
        cells.week,
        cells.entrants,
        cells.matured,
        cast(coalesce(returned.retained, 0) as bigint) as retained,
        cells.cohort
    from cells
    inner join pairs on cells.clock_no = pairs.clock_no
    left join returned
        on cells.clock_no = returned.clock_no
        and pairs.outcome_no = returned.outcome_no
        and cells.cohort = returned.cohort
        and cells.breakdown is not distinct from returned.breakdown
        and cells.value is not distinct from returned.value
        and cells.week = returned.week
    where cells.matured > 0

)

select * from final
