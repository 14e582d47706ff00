{#- Whether a regular expression is found in a text. -#}
{% macro matches(text, pattern) -%}
    {{ adapter.dispatch('matches', 'funnelkit')(text, pattern) }}
{%- endmacro %}

{% macro default__matches(text, pattern) -%}
    regexp_matches({{ text }}, {{ pattern }})
{%- endmacro %}

{#- Java's $ is also before a last newline; \z is the end alone. -#}
{% macro spark__matches(text, pattern) -%}
    regexp_like({{ text }}, {{ pattern | replace("$'", "\\\\z'") }})
{%- endmacro %}
