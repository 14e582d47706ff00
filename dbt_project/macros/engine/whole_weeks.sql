{#- How many whole weeks fit into some microseconds (not negative), as a whole number. -#}
{% macro whole_weeks(us) -%}
    {{ adapter.dispatch('whole_weeks', 'funnelkit')(us) }}
{%- endmacro %}

{% macro default__whole_weeks(us) -%}
    ({{ us }}) // 604800000000
{%- endmacro %}

{% macro spark__whole_weeks(us) -%}
    ({{ us }}) div 604800000000
{%- endmacro %}
