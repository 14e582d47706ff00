{#- What makes a row of stg_raw__events the same event as another: its id, or in a log without ids
    instant, entity, name and properties. Put together where it is needed, since as text it is half of
    a log; not as a digest, which costs more than all the rest of the log's typing. -#}
{% macro event_identity(events) -%}
coalesce(
            {{ events }}.event_id,
            cast({{ funnelkit.epoch_us(events ~ '.occurred_at') }} as string)
            || '/' || cast(length({{ events }}.logged_id) as string) || ':' || {{ events }}.logged_id
            || '/' || {{ events }}.event_name
            || coalesce('/' || md5({{ events }}.properties), '')
        )
{%- endmacro %}

{#- The order of events by event_identity within one entity and instant, without putting it together. -#}
{% macro event_identity_order(events) -%}
    {{ events }}.event_id nulls last
    {%- for part in [events ~ '.logged_id', events ~ '.event_name', 'md5(' ~ events ~ '.properties)'] %},
                case when {{ events }}.event_id is null then {{ part }} end nulls last
    {%- endfor %}
{%- endmacro %}

{#- A number that is equal where event_identity is. -#}
{% macro event_identity_hash(events) -%}
    case
        when {{ events }}.event_id is not null then {{ funnelkit.short_hash([events ~ '.event_id']) }}
        else {{ funnelkit.short_hash([events ~ '.logged_id', events ~ '.occurred_at', events ~ '.event_name', events ~ '.properties']) }}
    end
{%- endmacro %}
