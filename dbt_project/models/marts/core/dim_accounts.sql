{%- set properties = funnelkit.settings().user_properties -%}

with

users as (

    select * from {{ ref('dim_users') }}

),

-- Every account that an event or a user row names, past ones included.
members as (

    select
        coalesce(seen.account_id, users.account_id) as account_id,
        seen.user_id,
        seen.first_seen_at
    from {{ ref('int_user_accounts') }} as seen
    inner join users on seen.user_key = users.user_key
    union all
    select told.account_id, told.user_id, cast(null as timestamp) as first_seen_at
    from {{ ref('int_user_rows') }} as told
    inner join users on told.user_key = users.user_key

),

accounts as (

    select
        account_id,
        count(distinct user_id) as users,
        min(first_seen_at) as first_seen_at
    from members
    where account_id is not null
    group by account_id

),

-- An account's properties are those of its latest user row.
told as (

    select *
    from {{ ref('int_user_rows') }}
    where account_id is not null
    qualify row_number() over (partition by account_id order by valid_from desc, user_id) = 1

),

final as (

    select
        accounts.account_id,
        keys.account_key,
        accounts.users,
        {% for name in properties -%}
        told.{{ name }},
        {% endfor -%}
        accounts.first_seen_at
    from accounts
    inner join {{ ref('int_account_keys') }} as keys on accounts.account_id = keys.account_id
    left join told on accounts.account_id = told.account_id

)

select * from final
