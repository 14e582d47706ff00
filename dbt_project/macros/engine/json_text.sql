{#- The text of a key of a JSON object; null where the key is absent or the text is not JSON. -#}
{% macro json_text(column, key) -%}
    {{ adapter.dispatch('json_text', 'funnelkit')(column, key) }}
{%- endmacro %}

{#- The key is quoted: a property named `a.b` is one key, not a path. -#}
{% macro default__json_text(column, key) -%}
    json_extract_string({{ column }}, {{ sql_text('$."' ~ key ~ '"') }})
{%- endmacro %}

{#- Spark writes numbers with a point as Java does, 1.2345678E7: from 0.000001 to 1e21 they are written out here, others
    as 1e21. A text of that form stays what it is. -#}
{% macro spark__json_text(column, key) -%}
    {%- set path = sql_text("$['" ~ key ~ "']") -%}
    {%- set text = 'get_json_object(' ~ column ~ ', ' ~ path ~ ')' -%}
    case
        when coalesce({{ matches(text, "'^-?[0-9][.][0-9]+E-?[0-9]+$'") }}, false) and schema_of_variant(try_variant_get(try_parse_json({{ column }}), {{ path }}, 'variant')) <> 'STRING'
            then case
                when {{ matches(text, "'E(7|8|9|1[0-9]|20)$'") }} then regexp_replace(cast(try_cast({{ text }} as decimal(38, 17)) as string), '([.][0-9]+?)0*$', '$1')
                when {{ matches(text, "'E-[1-6]$'") }} then regexp_replace(cast(try_cast({{ text }} as decimal(38, 22)) as string), '([.][0-9]+?)0*$', '$1')
                else replace(replace({{ text }}, '.0E', 'e'), 'E', 'e')
            end
        else {{ text }}
    end
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

{#- It stays text. The parser reads one value and does not look at what comes behind it: an object has to end with
    a brace, and where another may follow it, to be whole inside of one. -#}
{% macro spark__as_json(column) -%}
    {%- set text = "trim(both ' \\t\\r\\n' from " ~ column ~ ')' -%}
    case
        when try_parse_json({{ column }}) is not null
            and (left({{ text }}, 1) <> '{' or right({{ text }}, 1) = '}')
            and (not {{ matches(text, "'[}][\\\\s,]*[{]'") }} or try_parse_json('{"in":' || {{ column }} || '}') is not null)
            then {{ column }}
    end
{%- endmacro %}
