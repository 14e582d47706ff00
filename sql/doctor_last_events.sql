-- The few last events, where a pause stands before them that is more than a day and twice as long
-- as any before. No row or one; reads the temporary table doctor_hours. `rows` after the pause: at
-- most one in 10,000, or one.
with

pauses as (

    select
        first_at,
        lag(last_at) over (order by hour) as before_at,
        epoch_us(first_at) - epoch_us(lag(last_at) over (order by hour)) as pause_us,
        sum(rows) over (order by hour desc) as rows,
        sum(rows) over () as all_rows
    from doctor_hours

),

longest as (

    select
        *,
        max(pause_us) over (order by first_at rows between unbounded preceding and 1 preceding) as longest_us
    from pauses

)

select
    strftime(before_at, '%Y-%m-%dT%H:%M:%SZ') as before_at,
    strftime(first_at, '%Y-%m-%d') as first_at,
    cast(rows as bigint) as rows,
    cast(floor(pause_us / 86400000000) as bigint) as days
from longest
where
    all_rows >= 100
    and rows <= greatest(1, floor(all_rows / 10000))
    and pause_us > 86400000000
    and pause_us > 2 * longest_us
order by first_at
limit 1
