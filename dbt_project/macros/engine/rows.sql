{#- A number for each row of a file, in whatever order. -#}
{% macro any_row_number() -%}
    {{ adapter.dispatch('any_row_number', 'funnelkit')() }}
{%- endmacro %}

{% macro default__any_row_number() -%}
    row_number() over ()
{%- endmacro %}

{#- Unique, not dense: to number densely all rows would have to go through one task. -#}
{% macro spark__any_row_number() -%}
    monotonically_increasing_id()
{%- endmacro %}

{#- In a select list: a row for each part of a comma separated text. -#}
{% macro each_part(text) -%}
    {{ adapter.dispatch('each_part', 'funnelkit')(text) }}
{%- endmacro %}

{% macro default__each_part(text) -%}
    unnest(string_split({{ text }}, ','))
{%- endmacro %}

{% macro spark__each_part(text) -%}
    explode(split({{ text }}, ','))
{%- endmacro %}
