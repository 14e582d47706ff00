{#- A number of a double as people write it: 11 and not 11.0. -#}
{% macro number_text(value) -%}
    {{ adapter.dispatch('number_text', 'funnelkit')(value) }}
{%- endmacro %}

{% macro default__number_text(value) -%}
    case when {{ value }} = floor({{ value }}) and abs({{ value }}) < 1e15 then cast(cast({{ value }} as bigint) as string) else cast({{ value }} as string) end
{%- endmacro %}
