{#- A value as an SQL string literal: names are data, never SQL. -#}
{% macro sql_text(value) -%}
    {{- adapter.dispatch('sql_text', 'funnelkit')(value) -}}
{%- endmacro %}

{% macro default__sql_text(value) -%}
    '{{ value | replace("'", "''") }}'
{%- endmacro %}

{#- In Spark's literals a backslash is an escape; before Spark 4 two quotes were none. -#}
{% macro spark__sql_text(value) -%}
    '{{ value | replace("\\", "\\\\") | replace("'", "\\'") }}'
{%- endmacro %}
