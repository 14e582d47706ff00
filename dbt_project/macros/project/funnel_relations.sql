{#- The column of fct_events that stands for a funnel's entity. -#}
{% macro entity_keys() %}
    {{ return({'user_id': 'user_key', 'account_id': 'account_key'}) }}
{% endmacro %}

{#- K of the longest funnel, at least 1. -#}
{% macro longest_funnel() %}
    {% set ns = namespace(steps=1) %}
    {% for spec in fromjson(funnelkit.project_funnels()) %}
        {% set ns.steps = [ns.steps, spec.steps | length] | max %}
    {% endfor %}
    {{ return(ns.steps) }}
{% endmacro %}

{#- observed_until in microseconds, as SQL. -#}
{% macro observed_us() %}
    {{ return('(select observed_us from ' ~ ref('int_observed_until') ~ ')') }}
{% endmacro %}

{#- The breakdowns of all funnels, a row each: funnel, breakdown. -#}
{% macro declared_breakdowns() -%}
    {%- set ns = namespace(rows=0) -%}
    {%- for spec in fromjson(funnelkit.project_funnels()) %}
        {%- for breakdown in spec.breakdowns %}
    {{ 'union all' if ns.rows }}
            {%- set ns.rows = ns.rows + 1 %}
    select {{ funnelkit.sql_text(spec.name) }} as funnel, {{ funnelkit.sql_text(breakdown.name) }} as breakdown
        {%- endfor %}
    {%- endfor %}
    {%- if not ns.rows %}
    select cast(null as varchar) as funnel, cast(null as varchar) as breakdown where false
    {%- endif %}
{%- endmacro %}
