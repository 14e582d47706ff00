{#- The text of a key of a JSON object; null where the key is absent or the text is not JSON. -#}
{% macro json_text(column, key) -%}
    {{ adapter.dispatch('json_text', 'funnelkit')(column, key) }}
{%- endmacro %}

{#- The key is quoted: a property named `a.b` is one key, not a path. -#}
{% macro default__json_text(column, key) -%}
    json_extract_string({{ column }}, {{ sql_text('$."' ~ key ~ '"') }})
{%- endmacro %}

{% macro spark__json_text(column, key) -%}
    get_json_object({{ column }}, {{ sql_text("$['" ~ key ~ "']") }})
{%- endmacro %}

{#- Whether a JSON object has a key, were it null. -#}
{% macro json_has(column, key) -%}
    {{ adapter.dispatch('json_has', 'funnelkit')(column, key) }}
{%- endmacro %}

{% macro default__json_has(column, key) -%}
    coalesce(json_exists({{ column }}, {{ sql_text('$."' ~ key ~ '"') }}), false)
{%- endmacro %}

{% macro spark__json_has(column, key) -%}
    coalesce(array_contains(json_object_keys({{ column }}), {{ sql_text(key) }}), false)
{%- endmacro %}

{#- A value of any type as text, structs and maps as JSON. -#}
{% macro any_as_text(column) -%}
    {{ adapter.dispatch('any_as_text', 'funnelkit')(column) }}
{%- endmacro %}

{% macro default__any_as_text(column) -%}
    case
        when regexp_matches(typeof({{ column }}), '^(STRUCT|MAP|UNION|VARIANT)|[]]$') then cast(to_json({{ column }}) as string)
        else cast({{ column }} as string)
    end
{%- endmacro %}

{% macro spark__any_as_text(column) -%}
    case
        when regexp_like(typeof({{ column }}), '^(struct|map|array|variant)') then get_json_object(to_json(named_struct('value', {{ column }})), '$.value')
        else cast({{ column }} as string)
    end
{%- endmacro %}

{#- Text as JSON, null where it is none: checked once, so that json_text never raises. -#}
{% macro as_json(column) -%}
    {{ adapter.dispatch('as_json', 'funnelkit')(column) }}
{%- endmacro %}

{% macro default__as_json(column) -%}
    try_cast({{ column }} as json)
{%- endmacro %}

{#- It stays text. The parser reads one value and does not look at what comes behind it. -#}
{% macro spark__as_json(column) -%}
    case
        when try_parse_json({{ column }}) is not null and (left(ltrim({{ column }}), 1) <> '{' or right(rtrim({{ column }}), 1) = '}')
            then {{ column }}
    end
{%- endmacro %}
