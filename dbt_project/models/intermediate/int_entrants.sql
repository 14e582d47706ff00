{{ config(enabled=funnelkit.declares('aha')) }}
{%- set plan = fromjson(funnelkit.project_aha_plan()) -%}
{%- set keys = funnelkit.entity_keys() -%}

-- Entities by clock, with their first entry: where the time of aha moments and outcomes starts. Nothing
-- after observed_until has been seen, entries neither.
with

clocks as (
    {{ funnelkit.clock_values(tojson(plan)) }}
),

events as (

    {{ funnelkit.funnel_events() }}

),

funnel_entries as (

    select clocks.clock_no, journeys.p, journeys.attempt, journeys.first_entry_us
    from {{ ref('int_funnel_journeys') }} as journeys
    inner join clocks on journeys.funnel_no = clocks.funnel_no

),

entry_events as (

    {{ funnelkit.funnel_entry_events(ref('int_funnel_rows'), funnelkit.project_funnels()) }}

),

-- Where every entry counts, the first of them.
entries as (

    select
        funnel_entries.clock_no,
        funnel_entries.p - {{ funnelkit.funnel_of('funnel_entries.p') }} * 72057594037927936 as entity_key,
        min(funnel_entries.first_entry_us) as entry_us,
        min_by(entry_events.event_no, funnel_entries.attempt) as entry_event_no
    from funnel_entries
    inner join entry_events
        on funnel_entries.p = entry_events.p and funnel_entries.attempt = entry_events.attempt
    group by funnel_entries.clock_no, funnel_entries.p
    {%- for clock in plan.clocks if clock.entry is not none %}
    union all
    select
        cast({{ clock.no }} as bigint) as clock_no,
        {{ keys[clock.entity] }} as entity_key,
        min({{ funnelkit.epoch_us('occurred_at') }}) as entry_us,
        min_by(event_no, (occurred_at, event_id)) as entry_event_no
    from events
    where {{ funnelkit.step_predicate(clock.entry) }}
        and {{ keys[clock.entity] }} is not null
    group by {{ keys[clock.entity] }}
    {%- endfor %}

),

final as (

    select
        clocks.clock_no,
        clocks.clock,
        clocks.entity,
        entries.entity_key,
        {{ funnelkit.joined_entity_id() }} as entity_id,
        entries.entry_us,
        entries.entry_event_no,
        {{ funnelkit.from_us('entries.entry_us') }} as entry_at,
        cast({{ funnelkit.local_time(funnelkit.from_us('entries.entry_us'), plan.timezone) }} as date) as entry_date,
        cast(date_trunc('week', {{ funnelkit.local_time(funnelkit.from_us('entries.entry_us'), plan.timezone) }}) as date) as cohort
    from entries
    inner join clocks on entries.clock_no = clocks.clock_no
    {{ funnelkit.entity_id_joins('entries.entity_key', 'clocks.entity') }}
    where entries.entry_us <= {{ funnelkit.observed_us() }}

)

select * from final
