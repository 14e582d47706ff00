{#- A value as an SQL string literal: names are data, never SQL. -#}
{% macro sql_text(value) -%}
    '{{ value | replace("'", "''") }}'
{%- endmacro %}
