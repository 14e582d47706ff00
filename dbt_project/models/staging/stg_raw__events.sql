{%- set properties = funnelkit.settings().event_properties -%}
{%- set untyped = funnelkit.untyped_properties(properties, 'properties', 'json_properties') -%}
{%- do untyped.update({'received_at': "nullif(received_at, '') is not null and received_utc is null"}) -%}

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
        {% for name, type in properties.items() -%}
        {{ funnelkit.typed(funnelkit.json_text('json_properties', name), type) }} as {{ name }},
        {% endfor -%}
        {{ funnelkit.untyped_values(untyped) }} as untyped_values,
        occurred_utc as occurred_at,
        received_utc as received_at,
        source_file,
        source_line,
        {{ funnelkit.event_reject_reason(
            'event_name', "coalesce(nullif(user_id, ''), nullif(anonymous_id, ''))",
            'neither user_id nor anonymous_id', 'occurred_at', 'occurred_utc', 'received_utc'
        ) }} as reject_reason,
        case
            when nullif(event_name, '') is null then event_name
            when nullif(user_id, '') is null and nullif(anonymous_id, '') is null then user_id
            else occurred_at
        end as reject_text
    from raw

)

select * from final
