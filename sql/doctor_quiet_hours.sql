-- The six hours of the day with the fewest events, on the clocks of $timezone. One row; reads the
-- temporary table doctor_hours. `share`: of all events, 0 to 1.
with

hours as (

    select range as hour from range(24)

),

busy as (

    select
        hour(timezone($timezone, timezone('UTC', hour))) as hour,
        sum(rows) as rows
    from doctor_hours
    group by all

),

windows as (

    select
        hours.hour as first_hour,
        coalesce(sum(busy.rows), 0) as rows
    from hours
    left join busy on (busy.hour - hours.hour + 24) % 24 < 6
    group by all

)

select
    min_by(first_hour, (rows, first_hour)) as first_hour,
    cast(min(rows) as double) / nullif((select sum(rows) from busy), 0) as share,
    (select count(distinct date_trunc('day', hour)) from doctor_hours) as days
from windows
