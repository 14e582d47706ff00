{#- A fixed length of time as microseconds: '14 days', '90 minutes', '2w'; `none` stays none.
    Months and years have no fixed length and are refused when the project is read. -#}
{% macro duration_us(text) -%}
    {%- set units = {
        's': 1000000, 'm': 60000000, 'h': 3600000000, 'd': 86400000000, 'w': 604800000000
    } -%}
    {%- set compact = text | lower | replace(' ', '') -%}
    {%- set number = compact.rstrip('abcdefghijklmnopqrstuvwxyz') -%}
    {{- (number | int) * units[compact[number | length]] -}}
{%- endmacro %}
