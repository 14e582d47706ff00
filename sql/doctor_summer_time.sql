-- Rows at times that $timezone's clocks skip in spring, as if they had been written on those clocks.
-- Grain: the skipped hour. `rows` there; `usual` in the same hour of the day before, after, a week
-- before and a week after, together. Reads the temporary table doctor_hours.
with

days as (

    select distinct date_trunc('day', hour) as day from doctor_hours

),

clock as (

    select
        local_at + interval 1 hour as skipped_at,
        lead(local_at) over (order by hour) - local_at = interval 2 hours as is_skipped
    from (
        select
            day + to_hours(range) as hour,
            timezone($timezone, timezone('UTC', day + to_hours(range))) as local_at
        from days, range(-1, 25)
        group by all
    ) as hours

),

skipped as (

    select skipped_at from clock where is_skipped

)

select
    cast(skipped_at as varchar) as skipped_at,
    cast(coalesce(sum(rows) filter (hour = skipped_at), 0) as bigint) as rows,
    cast(coalesce(sum(rows) filter (hour <> skipped_at), 0) as bigint) as usual
from skipped
left join doctor_hours
    on hour in (
        skipped_at, skipped_at - interval 1 day, skipped_at + interval 1 day,
        skipped_at - interval 7 days, skipped_at + interval 7 days
    )
group by skipped_at
order by skipped_at
