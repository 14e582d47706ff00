-- When a user was seen in an account; account_id is null for events that name none.
select
    identities.user_id,
    identities.user_key,
    log_ids.account_id,
    min(log_ids.first_seen_at) as first_seen_at,
    max(log_ids.last_seen_at) as last_seen_at
from {{ ref('int_log_ids') }} as log_ids
inner join {{ ref('int_identities') }} as identities on log_ids.logged_id = identities.logged_id
group by identities.user_id, identities.user_key, log_ids.account_id
