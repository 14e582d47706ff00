{%- set properties = funnelkit.settings().user_properties -%}

with

users as (

    select * from {{ ref('int_users') }} where excluded_by is null

),

seen as (

    select
        user_key,
        min(occurred_at) as first_seen_at,
        max(occurred_at) as last_seen_at
    from {{ ref('fct_events') }}
    group by user_key

),

told as (

    select *
    from {{ ref('int_user_rows') }}
    qualify row_number() over (partition by user_key order by valid_from desc) = 1

),

final as (

    select
        users.user_id,
        users.account_id,
        users.user_key,
        {% for name in properties -%}
        told.{{ name }},
        {% endfor -%}
        seen.first_seen_at,
        seen.last_seen_at
    from users
    left join seen on users.user_key = seen.user_key
    left join told on users.user_key = told.user_key

)

select * from final
