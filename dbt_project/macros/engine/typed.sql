{#- Text as a declared type; null where it does not fit. Whole-number types refuse fractions, which
    a cast would round, and differently on other engines; DOUBLE refuses NaN and infinity, which
    would be larger than any number of a condition; DATE refuses words such as `epoch`. -#}
{% macro typed(text, type) -%}
    {%- if type | lower in ['integer', 'bigint', 'smallint', 'tinyint'] -%}
    case when {{ matches(text, "'^[+-]?[0-9]+([.]0+)?$'") }} then {{ whole_number_of(text, type) }} end
    {%- elif type | lower == 'double' -%}
    case when abs({{ double_of(text) }}) <= 1.7976931348623157e308 then {{ double_of(text) }} end
    {%- elif type | lower == 'date' -%}
    case when {{ matches(text, "'^[12][0-9]{3}-[0-9]{2}-[0-9]{2}([T ][0-9][^\\n]*)?$'") }} then try_cast(left({{ text }}, 10) as date) end
    {%- elif type | lower == 'timestamp' -%}
    {{ parse_time(text) }}
    {%- elif type | lower == 'boolean' -%}
    {{ boolean_of(text) }}
    {%- else -%}
    try_cast({{ text }} as {{ sql_type(type) }})
    {%- endif -%}
{%- endmacro %}

{#- A declared type as all engines call it. -#}
{% macro sql_type(type) -%}
    {{ 'string' if type | lower in ['varchar', 'text'] else type }}
{%- endmacro %}

{#- Digits, with a fraction of zeros or none, as a whole number. -#}
{% macro whole_number_of(text, type) -%}
    {{ adapter.dispatch('whole_number_of', 'funnelkit')(text, type) }}
{%- endmacro %}

{% macro default__whole_number_of(text, type) -%}
    try_cast({{ text }} as {{ type }})
{%- endmacro %}

{#- Spark's cast refuses 12.0. -#}
{% macro spark__whole_number_of(text, type) -%}
    try_cast(split_part({{ text }}, '.', 1) as {{ type }})
{%- endmacro %}

{% macro double_of(text) -%}
    {{ adapter.dispatch('double_of', 'funnelkit')(text) }}
{%- endmacro %}

{% macro default__double_of(text) -%}
    try_cast({{ text }} as double)
{%- endmacro %}

{#- Spark's cast takes Java's suffixes, as in 1.5d. Both set white space aside. -#}
{% macro spark__double_of(text) -%}
    case when {{ matches(text, "'[0-9.]\\\\s*$'") }} then try_cast({{ text }} as double) end
{%- endmacro %}

{% macro boolean_of(text) -%}
    {{ adapter.dispatch('boolean_of', 'funnelkit')(text) }}
{%- endmacro %}

{% macro default__boolean_of(text) -%}
    try_cast({{ text }} as boolean)
{%- endmacro %}

{#- Spark's cast sets white space aside. -#}
{% macro spark__boolean_of(text) -%}
    case when {{ matches(text, "'^[A-Za-z0-9]+$'") }} then try_cast({{ text }} as boolean) end
{%- endmacro %}
