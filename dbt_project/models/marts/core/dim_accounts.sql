{%- set properties = funnelkit.settings().user_properties -%}

with

users as (

    select * from {{ ref('dim_users') }} where account_id is not null

),

accounts as (

    select
        account_id,
        count(*) as users,
        min(first_seen_at) as first_seen_at
    from users
    group by account_id

),

-- An account's properties are those of its latest user row.
told as (

    select *
    from {{ ref('stg_raw__users') }}
    where reject_reason is null and account_id is not null
    qualify row_number() over (
        partition by account_id order by valid_from desc, user_id, properties nulls last
    ) = 1

),

final as (

    select
        accounts.account_id,
        row_number() over (order by accounts.account_id) as account_key,
        accounts.users,
        {% for name in properties -%}
        told.{{ name }},
        {% endfor -%}
        accounts.first_seen_at
    from accounts
    left join told on accounts.account_id = told.account_id

)

select * from final
