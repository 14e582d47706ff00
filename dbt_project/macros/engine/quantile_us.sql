{#- A discrete quantile of whole microseconds: always a value that occurred, so exact and stable. -#}
{% macro quantile_us(expression, share) -%}
    {{ adapter.dispatch('quantile_us', 'funnelkit')(expression, share) }}
{%- endmacro %}

{% macro default__quantile_us(expression, share) -%}
    quantile_disc({{ expression }}, {{ share }})
{%- endmacro %}

{#- Spark's is a double: exact below 2^53, which are 285 years of microseconds. -#}
{% macro spark__quantile_us(expression, share) -%}
    cast(percentile_disc({{ share }}) within group (order by {{ expression }}) as bigint)
{%- endmacro %}
