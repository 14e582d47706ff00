-- As sql/log_people.sql, of marts without the log. Grain: funnel.
select funnel, people, left_out, entered, others
from log_people
