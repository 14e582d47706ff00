-- Names of the events that count. Grain: event_name.
select event_name, count(*) as entries
from fct_events
group by event_name
