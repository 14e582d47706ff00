{#- Seeds go to the schema `raw` itself, not to `main_raw`: loads and seeds are the same tables. -#}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ (custom_schema_name or target.schema) | trim }}
{%- endmacro %}
