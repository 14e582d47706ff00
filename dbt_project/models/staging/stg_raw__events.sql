{%- set settings = funnelkit.settings() -%}

with

raw as (

    select
        *,
        {{ funnelkit.parse_time('occurred_at') }} as occurred_utc,
        {{ funnelkit.parse_time('received_at') }} as received_utc,
        {{ funnelkit.as_json('properties') }} as json_properties
    from (
        select
            event_id, user_id, anonymous_id, account_id, event_name, occurred_at, received_at, properties,
            {{ funnelkit.raw_origin('events') }}
        from {{ funnelkit.raw('events') }}
    ) as events

),

final as (

    select
        -- A log without ids: the same entity, instant, name and properties are the same event.
        coalesce(
            nullif(event_id, ''),
            md5(
                coalesce(nullif(user_id, ''), nullif(anonymous_id, ''), '') || chr(31)
                || coalesce(cast({{ funnelkit.epoch_us('occurred_utc') }} as varchar), occurred_at, '') || chr(31)
                || coalesce(event_name, '') || chr(31)
                || coalesce(properties, '')
            )
        ) as event_id,
        nullif(user_id, '') as user_id,
        nullif(anonymous_id, '') as anonymous_id,
        nullif(account_id, '') as account_id,
        nullif(event_name, '') as event_name,
        properties,
        {% for name, type in settings.event_properties.items() -%}
        {{ funnelkit.typed(funnelkit.json_text('json_properties', name), type) }} as {{ name }},
        {% endfor -%}
        {% if settings.event_properties -%}
        concat_ws(
            ', '
            {%- for name, type in settings.event_properties.items() %}
            {%- set text = funnelkit.json_text('json_properties', name) %},
            case when {{ text }} is not null and {{ funnelkit.typed(text, type) }} is null then '{{ name }}' end
            {%- endfor %}
        )
        {%- else -%}
        ''
        {%- endif %} as untyped_properties,
        nullif(properties, '') is not null and json_properties is null as has_bad_properties,
        occurred_utc as occurred_at,
        received_utc as received_at,
        source_file,
        source_line,
        case
            when nullif(event_name, '') is null then 'event_name is missing'
            when nullif(user_id, '') is null and nullif(anonymous_id, '') is null
                then 'neither user_id nor anonymous_id'
            when nullif(occurred_at, '') is null then 'occurred_at is missing'
            when occurred_utc is null then 'occurred_at is not a time'
            when occurred_utc < cast('2000-01-01' as timestamp) then 'occurred_at is before 2000'
            when {{ funnelkit.epoch_us('occurred_utc') }} - {{ funnelkit.epoch_us('received_utc') }} > 86400000000
                then 'occurred_at is more than a day after received_at'
        end as reject_reason,
        case
            when nullif(event_name, '') is null then event_name
            when nullif(user_id, '') is null and nullif(anonymous_id, '') is null then user_id
            else occurred_at
        end as reject_text
    from raw

)

select * from final
