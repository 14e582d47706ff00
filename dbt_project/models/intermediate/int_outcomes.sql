{{ config(enabled=funnelkit.declares('aha')) }}
{%- set plan = funnelkit.project_aha_plan() -%}

-- Whether each outcome came about, by key: for every entrant of every clock that it fits.
with

entrants as (

    select * from {{ ref('int_entrants') }}

),

pairs as (
    {{ funnelkit.pair_values(plan) }}
),

events as (

    {{ funnelkit.funnel_events() }}

),

counted as (

    {{ funnelkit.outcome_events(plan, 'events', funnelkit.entity_keys(), ['event', 'sum']) }}

),

-- Nothing after observed_until has been seen.
inside as (

    select
        pairs.clock_no,
        pairs.outcome_no,
        pairs.kind,
        pairs.at_least,
        entrants.entity_key,
        counted.us - entrants.entry_us as us,
        counted.amount
    from counted
    inner join entrants on counted.entity = entrants.entity and counted.entity_key = entrants.entity_key
    inner join pairs on entrants.clock_no = pairs.clock_no and counted.outcome_no = pairs.outcome_no
    where counted.us >= entrants.entry_us + pairs.after_us
        and counted.us < entrants.entry_us + pairs.after_us + pairs.within_us
        and counted.us <= {{ funnelkit.observed_us() }}

),

-- The first event is most of what is asked for, and cheaper than to number them.
once as (

    select clock_no, outcome_no, entity_key, min(us) as us
    from inside
    where kind = 'event' and at_least = 1
    group by clock_no, outcome_no, entity_key

),

-- By time alone: the nth event, or the instant by which a sum is enough, is the same in whatever order
-- those of one instant come.
numbered as (

    select
        clock_no,
        outcome_no,
        entity_key,
        kind,
        at_least,
        us,
        row_number() over (partition by clock_no, outcome_no, entity_key order by us) as nth,
        sum(amount) over (
            partition by clock_no, outcome_no, entity_key order by us
            range between unbounded preceding and current row
        ) as so_far,
        sum(amount) over (partition by clock_no, outcome_no, entity_key) as total
    from inside
    where kind = 'sum' or at_least > 1

),

several as (

    select clock_no, outcome_no, entity_key, min(us) as us
    from numbered
    where kind = 'event' and nth = at_least
        or kind = 'sum' and so_far >= at_least and total >= at_least
    group by clock_no, outcome_no, entity_key

),

conversions as (

    select
        funnel_no,
        p - funnel_no * 72057594037927936 as entity_key,
        min(first_entry_us + first_converted_us) as converted_us
    from {{ ref('int_funnel_journeys') }}
    where first_converted_us is not null and first_entry_us + first_converted_us <= {{ funnelkit.observed_us() }}
    group by funnel_no, p

),

converted as (

    select
        pairs.clock_no,
        pairs.outcome_no,
        entrants.entity_key,
        conversions.converted_us - entrants.entry_us as us
    from conversions
    inner join pairs on conversions.funnel_no = pairs.funnel_no
    inner join entrants on pairs.clock_no = entrants.clock_no and conversions.entity_key = entrants.entity_key

),

found as (

    select * from once
    union all
    select * from several
    union all
    select * from converted

),

told as (

    select
        entrants.clock_no,
        pairs.outcome_no,
        pairs.negated,
        entrants.entity_key,
        found.us,
        coalesce(found.us >= pairs.after_us, true) as is_eligible,
        entrants.entry_us + pairs.after_us + pairs.within_us <= {{ funnelkit.observed_us() }} as is_mature,
        coalesce(found.us >= pairs.after_us and found.us < pairs.after_us + pairs.within_us, false) as came
    from entrants
    inner join pairs on entrants.clock_no = pairs.clock_no
    left join found
        on entrants.clock_no = found.clock_no
        and pairs.outcome_no = found.outcome_no
        and entrants.entity_key = found.entity_key

),

final as (

    select
        clock_no,
        outcome_no,
        entity_key,
        case when came and not negated then us end as happened_us,
        is_eligible,
        is_mature,
        -- That something did not come about is known when its time is over.
        case when negated then is_eligible and is_mature and not came else came end as happened
    from told

)

select * from final
