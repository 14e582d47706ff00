{%- set properties = funnelkit.settings().user_properties -%}

-- What was known of a user from each time on that something was told, one row a user and time. A row
-- that tells a part keeps the rest. Of several at one time the least by content is the last, so that
-- the order of files decides nothing.
with

told as (

    select
        users.* except (user_id),
        identities.user_id,
        identities.user_key
    from {{ ref('stg_raw__users') }} as users
    inner join {{ ref('int_identities') }} as identities on users.logged_id = identities.logged_id
    where users.reject_reason is null

),

known as (

    select
        user_id,
        user_key,
        logged_id,
        properties,
        untyped_values,
        valid_from,
        {% for name in properties -%}
        {{ funnelkit.last_told(name, 'fk_told_' ~ name, 'so_far') }} as {{ name }},
        {% endfor -%}
        {{ funnelkit.last_told('account_id', 'fk_told_account_id', 'so_far') }} as account_id,
        row_number() over (
            partition by user_key, valid_from
            order by properties nulls last, told.account_id nulls last, logged_id
        ) as place
    from told
    window so_far as (
        partition by user_key
        order by valid_from, properties desc nulls first, told.account_id desc nulls first, logged_id desc
        rows between unbounded preceding and current row
    )

)

select * except (place)
from known
where place = 1
