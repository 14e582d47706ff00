{#- The last value of a row that tells it, null values included, up to and with each row of a window. -#}
{% macro last_told(value, is_told, window) -%}
    {{ adapter.dispatch('last_told', 'funnelkit')(value, is_told, window) }}
{%- endmacro %}

{#- Wrapped, so that a value told to be null is not passed over. -#}
{% macro default__last_told(value, is_told, window) -%}
    struct_extract(
        last_value(case when {{ is_told }} then struct_pack(told := {{ value }}) end ignore nulls) over {{ window }},
        'told'
    )
{%- endmacro %}

{% macro spark__last_told(value, is_told, window) -%}
    (last_value(case when {{ is_told }} then named_struct('told', {{ value }}) end) ignore nulls over {{ window }}).told
{%- endmacro %}
