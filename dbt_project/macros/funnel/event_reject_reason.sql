{#- Why an event cannot be used; null where it can. Arguments are SQL: texts as loaded (null or ''
    where missing), times as UTC timestamps; skew_us how far a clock may be ahead of receipt, none
    for any; as_of what had to be received by then, text or none. The one rule for staging and
    `explore`. -#}
{% macro event_reject_reason(event_name, entity, entity_missing, occurred_text, occurred_at, received_at, skew_us=86400000000, as_of=none) -%}
case
        {%- if as_of is not none %}{# what had not come yet was not wrong yet #}
        when coalesce({{ received_at }}, {{ occurred_at }}) > {{ parse_time(sql_text(as_of)) }} then 'received after as_of'
        {%- endif %}
        when nullif({{ event_name }}, '') is null then 'event_name is missing'
        when {{ entity }} is null then {{ sql_text(entity_missing) }}
        when nullif({{ occurred_text }}, '') is null then 'occurred_at is missing'
        when {{ occurred_at }} is null then 'occurred_at is not a time'
        when {{ occurred_at }} < cast('2000-01-01' as timestamp) then 'occurred_at is before 2000'
        {%- if skew_us is not none %}
        when {{ epoch_us(occurred_at) }} - {{ epoch_us(received_at) }} > {{ skew_us }}
            then {{ sql_text(skew_reason(skew_us)) }}
        {%- endif %}
    end
{%- endmacro %}

{#- Of events that a clock dates too far ahead. -#}
{% macro skew_reason(skew_us) -%}
    {{- 'occurred_at is more than a day after received_at' if skew_us == 86400000000
        else 'occurred_at is further after received_at than quality.clock_skew allows' -}}
{%- endmacro %}
