{{ config(materialized='table') }}
{%- set properties = funnelkit.settings().user_properties -%}
{%- set untyped = funnelkit.untyped_properties(properties, 'properties', 'json_properties') -%}

with

raw as (

    select
        *,
        {{ funnelkit.parse_time('updated_at') }} as updated_utc,
        -- What an event says of its user is what changed; a row of a users file is all of them.
        load_no in (select load_no from {{ source('raw', 'loads') }} where kind = 'events') as is_partial,
        {{ funnelkit.as_json('properties') }} as json_properties
    from (
        select
            {{ funnelkit.raw_columns('users') }}
        from {{ funnelkit.raw('users') }}
    ) as users

),

final as (

    select
        nullif(user_id, '') as user_id,
        {{ funnelkit.logged_id('user_id', 'anonymous_id') }} as logged_id,
        nullif(account_id, '') as account_id,
        properties,
        {% for name, type in properties.items() -%}
        {{ funnelkit.typed(funnelkit.json_text('json_properties', name), type) }} as {{ name }},
        not is_partial or {{ funnelkit.json_has('json_properties', name) }} as fk_told_{{ name }},
        {% endfor -%}
        not is_partial or nullif(account_id, '') is not null as fk_told_account_id,
        {{ funnelkit.untyped_values(untyped) }} as untyped_values,
        updated_utc as updated_at,
        -- A row without a time tells none: its values hold from ever.
        coalesce(updated_utc, cast('0001-01-01' as timestamp)) as valid_from,
        source_file,
        source_line,
        load_no,
        case
            {%- if funnelkit.settings().as_of %}
            when updated_utc > {{ funnelkit.parse_time(funnelkit.sql_text(funnelkit.settings().as_of)) }} then 'received after as_of'
            {%- endif %}
            when nullif(user_id, '') is null and nullif(anonymous_id, '') is null then 'user_id is missing'
            when nullif(updated_at, '') is not null and updated_utc is null then 'updated_at is not a time'
        end as reject_reason,
        case when nullif(user_id, '') is null and nullif(anonymous_id, '') is null then user_id else updated_at end as reject_text
    from raw

)

select * from final
