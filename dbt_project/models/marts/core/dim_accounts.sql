{%- set properties = funnelkit.settings().user_properties -%}

with

users as (

    select * from {{ ref('dim_users') }}

),

-- Every account that an event or a user row names, past ones included.
members as (

    select
        account_key,
        user_key,
        min(occurred_at) as first_seen_at
    from {{ ref('fct_events') }}
    where account_key is not null
    group by account_key, user_key
    union all
    select keys.account_key, told.user_key, cast(null as timestamp) as first_seen_at
    from {{ ref('int_user_rows') }} as told
    inner join users on told.user_key = users.user_key
    inner join {{ ref('int_account_keys') }} as keys on told.account_id = keys.account_id

),

accounts as (

    select
        account_key,
        count(distinct user_key) as users,
        min(first_seen_at) as first_seen_at
    from members
    group by account_key

),

-- An account's properties are those of its latest user row.
told as (

    select told.*
    from {{ ref('int_user_rows') }} as told
    inner join users on told.user_key = users.user_key
    where told.account_id is not null
    qualify row_number() over (partition by told.account_id order by told.valid_from desc, told.user_id) = 1

),

final as (

    select
        keys.account_id,
        accounts.account_key,
        accounts.users,
        {% for name in properties -%}
        told.{{ name }},
        {% endfor -%}
        accounts.first_seen_at
    from accounts
    inner join {{ ref('int_account_keys') }} as keys on accounts.account_key = keys.account_key
    left join told on keys.account_id = told.account_id

)

select * from final
