-- As sql/events_there.sql, of marts without the log. Grain: event_name. Parameter: names (list).
select event_name
from log_events
where list_contains($names, event_name)
order by event_name
