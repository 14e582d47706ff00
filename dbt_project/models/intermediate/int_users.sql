-- Users of the log and of user rows, with the account that each is in now: as last told, else as
-- last seen.
with

seen as (

    select
        user_key,
        user_id,
        max_by(account_id, (last_seen_at, account_id)) filter (where account_id is not null) as account_id
    from {{ ref('int_user_accounts') }}
    group by user_key, user_id

),

told as (

    select *
    from {{ ref('int_user_rows') }}
    qualify row_number() over (partition by user_key order by valid_from desc) = 1

),

excluded as (

    select user_key, min(excluded_by) as excluded_by
    from {{ ref('int_excluded_users') }}
    group by user_key

),

final as (

    select
        coalesce(seen.user_key, told.user_key) as user_key,
        coalesce(seen.user_id, told.user_id) as user_id,
        coalesce(told.account_id, seen.account_id) as account_id
    from seen
    full join told on seen.user_key = told.user_key

)

select final.*, excluded.excluded_by
from final
left join excluded on final.user_key = excluded.user_key
