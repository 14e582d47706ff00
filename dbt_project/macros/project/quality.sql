{#- True, as SQL, of a row that is not wrong but came after `as_of`; null and false of others. -#}
{% macro is_late(reason) -%}
    starts_with({{ reason }}, 'received after as_of')
{%- endmacro %}

{#- Reasons by which refused rows are counted: load has one a line, too many to list. -#}
{% macro reject_group(stage, reason) -%}
    case when {{ stage }} = 'load' and {{ reason }} <> 'forgotten' then 'line cannot be parsed' else {{ reason }} end
{%- endmacro %}

{#- The reason of events that a clock dates too far ahead, as event_reject_reason has it. -#}
{% macro skew_reason(skew_us) %}
    {{ return(
        'occurred_at is more than a day after received_at' if skew_us == 86400000000
        else 'occurred_at is further after received_at than quality.clock_skew allows'
    ) }}
{% endmacro %}
