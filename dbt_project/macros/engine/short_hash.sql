{#- 64 bits of some columns, the same within one query: to find what may be equal, never to say that
    it is. -#}
{% macro short_hash(columns) -%}
    {{ adapter.dispatch('short_hash', 'funnelkit')(columns) }}
{%- endmacro %}

{% macro default__short_hash(columns) -%}
    hash({{ columns | join(', ') }})
{%- endmacro %}

{% macro spark__short_hash(columns) -%}
    xxhash64({{ columns | join(', ') }})
{%- endmacro %}
