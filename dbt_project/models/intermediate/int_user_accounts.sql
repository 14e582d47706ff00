-- When a user was seen in an account, in one pass over the log; account_id is null for events that
-- name none.
select
    user_id,
    account_id,
    min(occurred_at) as first_seen_at,
    max(occurred_at) as last_seen_at
from {{ ref('int_events_resolved') }}
group by user_id, account_id
