{#- Text as a UTC timestamp; null where it is no time. The grammar, and the same expression, are in
    funnelkit/warehouse/times.py: a test holds the two equal. -#}
{% macro parse_time(column) -%}
    {{ adapter.dispatch('parse_time', 'funnelkit')(column) }}
{%- endmacro %}

{% macro default__parse_time(column) -%}
{%- set text = 'trim(' ~ column ~ ')' -%}
case
    when regexp_matches({{ column }}, '^[12][0-9]{3}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]{1,6})?Z$')
        then try_cast(left({{ column }}, length({{ column }}) - 1) as timestamp)
    when regexp_matches({{ text }}, '^[12][0-9]{3}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,9})?)? ?(Z|UTC|[+-](0[0-9]|1[0-5])(:?[0-5][0-9])?)$')
        then try_cast(replace(replace(replace(replace({{ text }}, 'UTC', 'Z'), ' Z', 'Z'), ' +', '+'), ' -', '-') as timestamptz) at time zone 'UTC'
    when regexp_matches({{ text }}, '^[12][0-9]{3}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,9})?)?)?$') then try_cast({{ text }} as timestamp)
    when regexp_matches({{ text }}, '^([0-9]{9,10}|[0-9]{12,13}|[0-9]{15,16}|[0-9]{18,19})([.][0-9]+)?$')
        then make_timestamp(cast(rpad(replace({{ text }}, '.', ''), case when length(split_part({{ text }}, '.', 1)) % 3 = 0 then 15 else 16 end, '0') as bigint))
end
{%- endmacro %}

{#- Spark's cast wants seconds and minutes of an offset wherever there is an offset, and knows no 24:00. -#}
{% macro spark__parse_time(column) -%}
{%- set text = "regexp_replace(trim(" ~ column ~ "), '^(.{10})[T ]24:00(?=(:00([.]0+)?)?($|[^0-9:.]))', '$1 00:00')" -%}
{%- set zoned = "replace(replace(replace(replace(" ~ text ~ ", 'UTC', 'Z'), ' Z', 'Z'), ' +', '+'), ' -', '-')" -%}
case
    when {{ matches(column, "'^[12][0-9]{3}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]{1,6})?Z$'") }} and {{ column }} not like '% 24:00%'
        then try_cast(left({{ column }}, length({{ column }}) - 1) as timestamp)
    when {{ matches(text, "'^[12][0-9]{3}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,9})?)? ?(Z|UTC|[+-](0[0-9]|1[0-5])(:?[0-5][0-9])?)$'") }}
        then try_cast(regexp_replace(regexp_replace({{ zoned }}, '([+-][0-9]{2})$', '$1:00'), '^(.{16})([^:])', '$1:00$2') as timestamp)
    when {{ matches(text, "'^[12][0-9]{3}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,9})?)?)?$'") }} then try_cast({{ text }} as timestamp)
    when {{ matches(text, "'^([0-9]{9,10}|[0-9]{12,13}|[0-9]{15,16}|[0-9]{18,19})([.][0-9]+)?$'") }}
        then timestamp_micros(cast(rpad(replace({{ text }}, '.', ''), case when length(split_part({{ text }}, '.', 1)) % 3 = 0 then 15 else 16 end, '0') as bigint))
end + make_dt_interval(case when {{ matches('trim(' ~ column ~ ')', "'^.{10}[T ]24:00(:00([.]0+)?)?($|[^0-9:.])'") }} then 1 else 0 end)
{%- endmacro %}
