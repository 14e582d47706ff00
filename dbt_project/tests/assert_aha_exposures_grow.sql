{{ config(enabled=funnelkit.declares('aha')) }}
{%- set search = fromjson(funnelkit.project_aha_plan()).search -%}

-- A longer exposure window holds the shorter ones, and a row has an event; of the sign of life nothing
-- is in a window.
{% if search -%}
select entity_key, event_name
from {{ ref('int_aha_exposures') }}
where n_{{ search.days[-1] }}d + n_alive < 1 or n_alive < 0
    {%- for day in search.days %}
    or n_{{ day }}d < {{ 0 if loop.first else 'n_' ~ search.days[loop.index0 - 1] ~ 'd' }}
    {%- endfor %}
{%- else -%}
select entity_key, event_name from {{ ref('int_aha_exposures') }}
{%- endif %}
