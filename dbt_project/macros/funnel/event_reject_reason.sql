{#- Why an event cannot be used; null where it can. Arguments are SQL: texts as loaded (null or ''
    where missing), times as UTC timestamps. The one rule for staging and `explore`. -#}
{% macro event_reject_reason(event_name, entity, entity_missing, occurred_text, occurred_at, received_at) -%}
case
        when nullif({{ event_name }}, '') is null then 'event_name is missing'
        when {{ entity }} is null then {{ sql_text(entity_missing) }}
        when nullif({{ occurred_text }}, '') is null then 'occurred_at is missing'
        when {{ occurred_at }} is null then 'occurred_at is not a time'
        when {{ occurred_at }} < cast('2000-01-01' as timestamp) then 'occurred_at is before 2000'
        when {{ epoch_us(occurred_at) }} - {{ epoch_us(received_at) }} > 86400000000
            then 'occurred_at is more than a day after received_at'
    end
{%- endmacro %}
