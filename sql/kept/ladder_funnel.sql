-- As sql/ladder_funnel.sql, of marts without the log. One row. Parameter: funnel.
select
    coalesce(any_value(people), 0) as people,
    coalesce(any_value(left_out), 0) as left_out,
    coalesce(any_value(entered), 0) as entered,
    coalesce(any_value(others), 0) as others
from log_people
where funnel = $funnel
