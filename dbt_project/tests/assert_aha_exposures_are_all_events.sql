{{ config(enabled=funnelkit.declares('aha')) }}
{%- set plan = fromjson(funnelkit.project_aha_plan()) -%}
{%- set search = plan.search -%}

-- The longest window and the landmark's together hold every event of an entrant until outcomes begin, and
-- none from outside: no window of behaviour reaches into that of an outcome.
{% if search -%}
with

events as (

    {{ funnelkit.funnel_events() }}

),

logged as (

    select entrants.entity_key, count(*) as events
    from events
    inner join {{ ref('int_entrants') }} as entrants
        on events.{{ funnelkit.entity_keys()[search.entity] }} = entrants.entity_key
        and entrants.clock_no = {{ search.clock_no }}
    where events.occurred_at >= entrants.entry_at
        and {{ funnelkit.epoch_us('events.occurred_at') }} - entrants.entry_us < {{ search.landmark_us }}
    group by entrants.entity_key

),

counted as (

    select entity_key, sum(n_{{ search.days[-1] }}d + n_alive) as events
    from {{ ref('int_aha_exposures') }}
    group by entity_key

)

select coalesce(logged.entity_key, counted.entity_key) as entity_key, logged.events, counted.events as counted
from logged
full join counted on logged.entity_key = counted.entity_key
where logged.events is distinct from counted.events
{%- else -%}
select event_name from {{ ref('int_aha_exposures') }}
{%- endif %}
