-- What was told about a user, one row a user and time. Of several the least by content, so that
-- the order of files decides nothing and no row is mixed from two.
with

told as (

    select
        users.* exclude (user_id),
        identities.user_id,
        identities.user_key
    from {{ ref('stg_raw__users') }} as users
    inner join {{ ref('int_identities') }} as identities on users.logged_id = identities.logged_id
    where users.reject_reason is null

),

final as (

    select *
    from told
    qualify row_number() over (
        partition by user_id, valid_from
        order by properties nulls last, account_id nulls last, logged_id
    ) = 1

)

select * from final
