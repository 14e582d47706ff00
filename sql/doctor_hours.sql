-- Events by the hour (UTC). Grain: hour.
select
    date_trunc('hour', occurred_at) as hour,
    count(*) as rows,
    min(occurred_at) as first_at,
    max(occurred_at) as last_at
from fct_events
group by all
