{#- Text as a declared type; null where it does not fit. Whole-number types refuse fractions, which
    a cast would round, and differently on other engines. -#}
{% macro typed(text, type) -%}
    {%- if type | lower in ['integer', 'bigint', 'smallint', 'tinyint'] -%}
    case when regexp_matches({{ text }}, '^[+-]?[0-9]+([.]0+)?$') then try_cast({{ text }} as {{ type }}) end
    {%- elif type | lower == 'timestamp' -%}
    {{ parse_time(text) }}
    {%- else -%}
    try_cast({{ text }} as {{ type }})
    {%- endif -%}
{%- endmacro %}
