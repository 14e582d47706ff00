{#- Whether a regular expression is found in a text. -#}
{% macro matches(text, pattern) -%}
    {{ adapter.dispatch('matches', 'funnelkit')(text, pattern) }}
{%- endmacro %}

{% macro default__matches(text, pattern) -%}
    regexp_matches({{ text }}, {{ pattern }})
{%- endmacro %}

{% macro spark__matches(text, pattern) -%}
    regexp_like({{ text }}, {{ pattern }})
{%- endmacro %}
