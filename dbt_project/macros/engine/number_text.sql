{#- A number of a double as people write it: 11 and not 11.0. Spark's floor raises where it is no whole
    number that a bigint could hold. -#}
{% macro number_text(value) -%}
    {{ adapter.dispatch('number_text', 'funnelkit')(value) }}
{%- endmacro %}

{% macro default__number_text(value) -%}
    case
        when abs({{ value }}) < 1e15 then case when {{ value }} = floor({{ value }}) then cast(cast({{ value }} as bigint) as string) else cast({{ value }} as string) end
        else cast({{ value }} as string)
    end
{%- endmacro %}
