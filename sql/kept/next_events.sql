-- As sql/journeys_next.sql, of marts without the log. Grain: event name, null for no event. Parameters:
-- funnel, step.
select event, entities, clusters
from log_next_events
where funnel = $funnel and step = $step
order by entities desc, event
