-- Sessions: one row each, of the events that have one.
select
    session_id,
    min(user_id) as user_id,
    min(account_id) as account_id,
    count(*) as events,
    min(occurred_at) as started_at,
    max(occurred_at) as ended_at
from {{ ref('fct_events') }}
where session_id is not null
group by session_id
