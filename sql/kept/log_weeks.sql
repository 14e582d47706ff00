-- As sql/log_weeks.sql, of marts without the log. Grain: week. Parameter: until, null: all weeks.
select week, events, entities, merges, digest, people
from log_weeks
where $until is null
order by week
