{#- Microseconds since 1970 of a UTC timestamp (bigint, exact). -#}
{% macro epoch_us(timestamp) -%}
    {{ adapter.dispatch('epoch_us', 'funnelkit')(timestamp) }}
{%- endmacro %}

{% macro default__epoch_us(timestamp) -%}
    epoch_us({{ timestamp }})
{%- endmacro %}

{% macro spark__epoch_us(timestamp) -%}
    unix_micros({{ timestamp }})
{%- endmacro %}
