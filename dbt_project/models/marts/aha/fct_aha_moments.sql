{{ config(enabled=funnelkit.declares('aha')) }}
{%- set plan = funnelkit.project_aha_plan() -%}

-- Whether and when every entrant reached each aha moment of its clock, and where those stand that did
-- not. Nothing after observed_until has been seen.
with

moments as (

    select * from {{ ref('dim_aha_moments') }}

),

entrants as (

    select
        moments.aha_no,
        moments.aha,
        moments.at_least,
        moments.within_us,
        moments.declared_on,
        entrants.*,
        clocks.funnel_no,
        least(entrants.entry_us + moments.within_us, {{ funnelkit.observed_us() }} + 1) as until_us
    from {{ ref('int_entrants') }} as entrants
    inner join moments on entrants.clock_no = moments.clock_no
    inner join (
        {{ funnelkit.clock_values(plan) }}
    ) as clocks on entrants.clock_no = clocks.clock_no

),

events as (

    {{ funnelkit.funnel_events() }}

),

counted as (

    {{ funnelkit.moment_events(plan, 'events', funnelkit.entity_keys(), fromjson(plan).timezone) }}

),

inside as (

    select entrants.aha_no, entrants.entity_key, counted.what, counted.us - entrants.entry_us as us
    from counted
    inner join entrants on counted.aha_no = entrants.aha_no and counted.entity_key = entrants.entity_key
    where counted.us >= entrants.entry_us and counted.us < entrants.until_us

),

-- Of a day or a value the first time.
occurrences as (

    select aha_no, entity_key, us from inside where what is null
    union all
    select aha_no, entity_key, min(us) as us from inside where what is not null group by aha_no, entity_key, what

),

-- By time alone: whichever of one instant comes first, the nth of all came then.
numbered as (

    select
        aha_no,
        entity_key,
        us,
        row_number() over (partition by aha_no, entity_key order by us) as nth
    from occurrences

),

reached as (

    select
        numbered.aha_no,
        numbered.entity_key,
        count(*) as occurrences,
        min(numbered.us) filter (where numbered.nth = moments.at_least) as reached_us
    from numbered
    inner join moments on numbered.aha_no = moments.aha_no
    group by numbered.aha_no, numbered.entity_key

),

steps as (

    select * from {{ ref('int_aha_steps') }}

),

told as (

    select
        entrants.*,
        coalesce(reached.occurrences, 0) as occurrences,
        reached.reached_us,
        least(greatest({{ funnelkit.observed_us() }} - entrants.entry_us, 0), entrants.within_us) as seen_us,
        reached.reached_us is not null as is_reached,
        steps.step as last_step,
        coalesce(steps.us, entrants.entry_us) as last_us
    from entrants
    left join reached on entrants.aha_no = reached.aha_no and entrants.entity_key = reached.entity_key
    left join steps on entrants.aha_no = steps.aha_no and entrants.entity_key = steps.entity_key

),

next_events as (
    {% for entity in fromjson(plan).moments | map(attribute='entity') | unique(case_sensitive=true) %}
    {%- set key = funnelkit.entity_keys()[entity] %}
    {{ 'union all' if not loop.first }}
    select told.aha_no, told.entity_key, min_by(events.event_name, (events.occurred_at, events.event_name)) as event_name
    from events
    inner join told on events.{{ key }} = told.entity_key and told.entity = {{ funnelkit.sql_text(entity) }}
    where told.seen_us = told.within_us and not told.is_reached
        and {{ funnelkit.epoch_us('events.occurred_at') }} > told.last_us
        and {{ funnelkit.epoch_us('events.occurred_at') }} < told.until_us
    group by told.aha_no, told.entity_key
    {%- else %}
    select aha_no, entity_key, '' as event_name from told where false
    {%- endfor %}

),

final as (

    select
        told.aha_no,
        told.entity_key,
        told.aha,
        told.entity_id,
        told.occurrences,
        told.reached_us,
        told.seen_us,
        told.last_step,
        names.step_name as last_step_name,
        next_events.event_name as next_event,
        told.seen_us = told.within_us as is_mature,
        told.is_reached,
        coalesce(told.entry_date >= told.declared_on, true) as is_after_declaration,
        told.cohort,
        told.entry_at
    from told
    left join {{ ref('dim_funnel_steps') }} as names
        on told.funnel_no = names.funnel_no and told.last_step = names.step
    left join next_events on told.aha_no = next_events.aha_no and told.entity_key = next_events.entity_key

)

select * from final
