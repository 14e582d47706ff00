{#- A UTC timestamp on the wall clocks of a time zone: for date buckets only. -#}
{% macro local_time(timestamp, timezone) -%}
    {{ adapter.dispatch('local_time', 'funnelkit')(timestamp, timezone) }}
{%- endmacro %}

{% macro default__local_time(timestamp, timezone) -%}
    timezone({{ sql_text(timezone) }}, timezone('UTC', {{ timestamp }}))
{%- endmacro %}

{% macro spark__local_time(timestamp, timezone) -%}
    from_utc_timestamp({{ timestamp }}, {{ sql_text(timezone) }})
{%- endmacro %}

{#- Microseconds since 1970 as a UTC timestamp. -#}
{% macro from_us(us) -%}
    {{ adapter.dispatch('from_us', 'funnelkit')(us) }}
{%- endmacro %}

{% macro default__from_us(us) -%}
    make_timestamp({{ us }})
{%- endmacro %}

{% macro spark__from_us(us) -%}
    timestamp_micros({{ us }})
{%- endmacro %}

{#- The UTC instant at which the wall clocks of a time zone show a time. -#}
{% macro from_local(timestamp, timezone) -%}
    {{ adapter.dispatch('from_local', 'funnelkit')(timestamp, timezone) }}
{%- endmacro %}

{% macro default__from_local(timestamp, timezone) -%}
    timezone('UTC', timezone({{ sql_text(timezone) }}, {{ timestamp }}))
{%- endmacro %}

{#- Of the two instants when clocks go back, DuckDB takes the later one, Spark the earlier one. -#}
{% macro spark__from_local(timestamp, timezone) -%}
    {%- set utc = 'to_utc_timestamp(' ~ timestamp ~ ', ' ~ sql_text(timezone) ~ ')' -%}
    case
        when from_utc_timestamp({{ utc }} + interval '1' hour, {{ sql_text(timezone) }}) = {{ timestamp }} then {{ utc }} + interval '1' hour
        else {{ utc }}
    end
{%- endmacro %}
