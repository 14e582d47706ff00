{{ config(enabled=funnelkit.declares('say')) }}
-- Users with whom they are a customer: the account where there is one, else the user; and since when
-- they are known by an id of their own, from an event or a row that tells its time. Who only visited
-- as a device is nobody that could be asked.
with

named as (

    select identities.user_key, min(log_ids.first_seen_at) as known_at
    from {{ ref('int_log_ids') }} as log_ids
    inner join {{ ref('int_identities') }} as identities on log_ids.logged_id = identities.logged_id
    where log_ids.logged_id not like 'anonymous:%'
    group by identities.user_key
    union all
    select user_key, min(valid_from) as known_at
    from {{ ref('int_user_rows') }}
    where valid_from > cast('0001-01-01' as timestamp) and user_id not like 'anonymous:%'
    group by user_key

),

known as (

    select user_key, min(known_at) as known_at
    from named
    group by user_key

)

select
    users.user_key,
    users.user_id,
    users.account_id,
    coalesce(users.account_id, users.user_id) as customer_id,
    {{ funnelkit.epoch_us('known.known_at') }} as known_us,
    {{ funnelkit.epoch_us('users.first_seen_at') }} as first_event_us
from {{ ref('dim_users') }} as users
left join known on users.user_key = known.user_key
