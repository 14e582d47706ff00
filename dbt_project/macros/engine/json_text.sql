{#- The text of a key of a JSON object; null where the key is absent or the text is not JSON. -#}
{% macro json_text(column, key) -%}
    {{ adapter.dispatch('json_text', 'funnelkit')(column, key) }}
{%- endmacro %}

{#- The key is quoted: a property named `a.b` is one key, not a path. -#}
{% macro default__json_text(column, key) -%}
    json_extract_string({{ column }}, {{ sql_text('$."' ~ key ~ '"') }})
{%- endmacro %}

{#- Whether a JSON object has a key, were it null. -#}
{% macro json_has(column, key) -%}
    {{ adapter.dispatch('json_has', 'funnelkit')(column, key) }}
{%- endmacro %}

{% macro default__json_has(column, key) -%}
    coalesce(json_exists({{ column }}, {{ sql_text('$."' ~ key ~ '"') }}), false)
{%- endmacro %}

{#- A value of any type as text, structs and maps as JSON. -#}
{% macro any_as_text(column) -%}
    {{ adapter.dispatch('any_as_text', 'funnelkit')(column) }}
{%- endmacro %}

{% macro default__any_as_text(column) -%}
    case
        when regexp_matches(typeof({{ column }}), '^(STRUCT|MAP|UNION|VARIANT)|[]]$') then cast(to_json({{ column }}) as varchar)
        else cast({{ column }} as varchar)
    end
{%- endmacro %}

{#- Text as JSON, null where it is none: checked once, so that json_text never raises. -#}
{% macro as_json(column) -%}
    {{ adapter.dispatch('as_json', 'funnelkit')(column) }}
{%- endmacro %}

{% macro default__as_json(column) -%}
    try_cast({{ column }} as json)
{%- endmacro %}
