-- Which of these events occur in the log. Grain: event_name. Parameter: names (list).
select distinct event_name
from fct_events
where list_contains($names, event_name)
order by event_name
