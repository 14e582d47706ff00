{{ config(enabled=funnelkit.declares('aha')) }}
{%- set plan = fromjson(funnelkit.project_aha_plan()) -%}
{%- set search = plan.search -%}

-- What entrants did in their first days: counts by event and exposure window, and in the time after the
-- longest window, where a sign of life is looked for. One grouped pass over the log.
{% if search -%}
with

events as (

    {{ funnelkit.funnel_events() }}

),

entrants as (

    select entity_key, entry_us from {{ ref('int_entrants') }} where clock_no = {{ search.clock_no }}

)

select * from (
    {{ funnelkit.aha_exposures(tojson(search), 'events', 'entrants', funnelkit.entity_keys()[search.entity]) }}
) as exposures
{%- else -%}
select entity_key, '' as event_name, entity_key as n_alive
from {{ ref('int_entrants') }}
where false
{%- endif %}
