{%- set properties = funnelkit.settings().user_properties -%}

with

seen as (

    select
        user_id,
        min(first_seen_at) as first_seen_at,
        max(last_seen_at) as last_seen_at,
        max_by(account_id, (last_seen_at, account_id)) filter (where account_id is not null) as account_id
    from {{ ref('int_user_accounts') }}
    group by user_id

),

told as (

    select *
    from {{ ref('int_user_rows') }}
    qualify row_number() over (partition by user_id order by valid_from desc) = 1

),

final as (

    select
        coalesce(seen.user_id, told.user_id) as user_id,
        coalesce(told.account_id, seen.account_id) as account_id,
        row_number() over (order by coalesce(seen.user_id, told.user_id)) as user_key,
        {% for name in properties -%}
        told.{{ name }},
        {% endfor -%}
        seen.first_seen_at,
        seen.last_seen_at
    from seen
    full join told on seen.user_id = told.user_id

)

select * from final
