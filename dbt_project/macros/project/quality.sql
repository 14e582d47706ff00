{#- True, as SQL, of a row that is not wrong but came after `as_of`; null and false of others. -#}
{% macro is_late(reason) -%}
    {{ reason }} like 'received after as_of%'
{%- endmacro %}

{#- Reasons by which refused rows are counted: load has one a line, too many to list. -#}
{% macro reject_group(stage, reason) -%}
    case when {{ stage }} = 'load' and {{ reason }} <> 'forgotten' then 'line cannot be parsed' else {{ reason }} end
{%- endmacro %}
