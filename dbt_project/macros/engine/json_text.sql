{#- The text of a key of a JSON object; null where the key is absent or the text is not JSON. -#}
{% macro json_text(column, key) -%}
    {{ adapter.dispatch('json_text', 'funnelkit')(column, key) }}
{%- endmacro %}

{#- The key is quoted: a property named `a.b` is one key, not a path. -#}
{% macro default__json_text(column, key) -%}
    json_extract_string({{ column }}, {{ sql_text('$."' ~ key ~ '"') }})
{%- endmacro %}

{#- Text as JSON, null where it is none: checked once, so that json_text never raises. -#}
{% macro as_json(column) -%}
    {{ adapter.dispatch('as_json', 'funnelkit')(column) }}
{%- endmacro %}

{% macro default__as_json(column) -%}
    try_cast({{ column }} as json)
{%- endmacro %}
