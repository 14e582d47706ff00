{#- 64 bits of a text, the same within one query: to find what may be equal, never to say that it is. -#}
{% macro short_hash(text) -%}
    {{ adapter.dispatch('short_hash', 'funnelkit')(text) }}
{%- endmacro %}

{% macro default__short_hash(text) -%}
    hash({{ text }})
{%- endmacro %}

{% macro spark__short_hash(text) -%}
    xxhash64({{ text }})
{%- endmacro %}
