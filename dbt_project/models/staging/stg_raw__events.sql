{{ config(materialized='grown', follows='load', reads=['event_properties', 'quality', 'as_of', 'events_model']) }}
{%- set settings = funnelkit.settings() -%}
{%- set properties = settings.event_properties -%}
{%- set untyped = funnelkit.untyped_properties(properties, 'properties', 'json_properties') -%}
{%- do untyped.update({'received_at': "nullif(received_at, '') is not null and received_utc is null"}) -%}
{%- set event_rules = settings.quality.exclude | rejectattr('events', 'none') | list -%}

-- Every raw row, typed once; only rows of new loads are read.
with

raw as (

    select
        *,
        {{ funnelkit.parse_time('occurred_at') }} as occurred_utc,
        {{ funnelkit.parse_time('received_at') }} as received_utc,
        {{ funnelkit.as_json('properties') }} as json_properties
    from (
        select
            {{ funnelkit.raw_columns('events') }}
        from {{ funnelkit.raw('events') }}
        {%- if funnelkit.grows() %}
        where load_no > {{ funnelkit.grown_since() }}
        {%- endif %}
    ) as events

),

typed as (

    select
        row_no,
        load_no,
        nullif(event_id, '') as event_id,
        {{ funnelkit.logged_id('user_id', 'anonymous_id') }} as logged_id,
        nullif(user_id, '') as user_id,
        nullif(anonymous_id, '') as anonymous_id,
        nullif(previous_id, '') as previous_id,
        nullif(account_id, '') as account_id,
        nullif(event_name, '') as event_name,
        -- Text that is no JSON would end every build and query with a condition on properties.
        case when json_properties is not null then properties end as properties,
        {% for name, type in properties.items() -%}
        {{ funnelkit.typed(funnelkit.json_text('json_properties', name), type) }} as {{ name }},
        {% endfor -%}
        {{ funnelkit.untyped_values(untyped) }} as untyped_values,
        occurred_utc as occurred_at,
        received_utc as received_at,
        coalesce(
            {{ funnelkit.epoch_us('occurred_utc') }} - {{ funnelkit.epoch_us('received_utc') }} > {{ settings.quality.skew_us }}, false
        ) as is_skewed,
        source_file,
        source_line,
        {{ funnelkit.event_reject_reason(
            'event_name', "coalesce(nullif(user_id, ''), nullif(anonymous_id, ''))",
            'neither user_id nor anonymous_id', 'occurred_at', 'occurred_utc', 'received_utc',
            settings.quality.skew_us if settings.quality.skew_then == 'reject' else none, settings.as_of
        ) }} as reject_reason,
        case
            when nullif(event_name, '') is null then event_name
            when nullif(user_id, '') is null and nullif(anonymous_id, '') is null then user_id
            else occurred_at
        end as fk_text
    from raw

),

final as (

    select
        * except (user_id, fk_text),  -- a rule may name the user; logged_id holds it
        case when reject_reason is not null then fk_text end as reject_text,
        {% if event_rules -%}
        case
            {%- for rule in event_rules %}
            when {{ rule.events }}
            then {{ funnelkit.sql_text(rule.name) }}
            {%- endfor %}
        end as excluded_by
        {%- else -%}
        cast(null as string) as excluded_by
        {%- endif %}
    from typed

)

select * from final
