-- As sql/log_weeks.sql, of marts without the log. Grain: week. Parameter: until, null; a part is not kept.
select week, events, entities, merges, digest, people
from log_weeks
where case when $until is null then true else error('of a part of the log') end
order by week
