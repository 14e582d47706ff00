{#- A discrete quantile of whole microseconds: always a value that occurred, so exact and stable. -#}
{% macro quantile_us(expression, share) -%}
    {{ adapter.dispatch('quantile_us', 'funnelkit')(expression, share) }}
{%- endmacro %}

{% macro default__quantile_us(expression, share) -%}
    quantile_disc({{ expression }}, {{ share }})
{%- endmacro %}
