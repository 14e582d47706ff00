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

{#- How many whole days of 24 hours fit into some microseconds (not negative). -#}
{% macro whole_days(us) -%}
    {{ adapter.dispatch('whole_days', 'funnelkit')(us) }}
{%- endmacro %}

{% macro default__whole_days(us) -%}
    ({{ us }}) // 86400000000
{%- endmacro %}

{% macro spark__whole_days(us) -%}
    ({{ us }}) div 86400000000
{%- endmacro %}
