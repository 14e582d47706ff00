{#- Text as a declared type; null where it does not fit. Whole-number types refuse fractions, which
    a cast would round, and differently on other engines; DOUBLE refuses NaN and infinity, which
    would be larger than any number of a condition; DATE refuses words such as `epoch`. -#}
{% macro typed(text, type) -%}
    {%- if type | lower in ['integer', 'bigint', 'smallint', 'tinyint'] -%}
    case when regexp_matches({{ text }}, '^[+-]?[0-9]+([.]0+)?$') then try_cast({{ text }} as {{ type }}) end
    {%- elif type | lower == 'double' -%}
    case when abs(try_cast({{ text }} as double)) <= 1.7976931348623157e308 then try_cast({{ text }} as double) end
    {%- elif type | lower == 'date' -%}
    case when regexp_matches({{ text }}, '^[12][0-9]{3}-[0-9]{2}-[0-9]{2}([T ][0-9].*)?$') then try_cast(left({{ text }}, 10) as date) end
    {%- elif type | lower == 'timestamp' -%}
    {{ parse_time(text) }}
    {%- else -%}
    try_cast({{ text }} as {{ type }})
    {%- endif -%}
{%- endmacro %}
