-- What the times of each loaded file look like. Grain: source_file. `rows` have a time; `received` of
-- them a received_at too, and `ahead` occurred over a minute after they were received, by
-- up to ahead_us. `quarters`: the commonest whole number of quarter hours, not 0, from occurred_at to
-- received_at; `shifted` rows have it, `near` it or an hour more or less (summer time).
-- `midnight` rows occurred at 00:00:00; `times_of_day` is 1 where all have one time of day.
with

timed as (

    select
        source_file,
        epoch_us(occurred_at) as us,
        epoch_us(received_at) - epoch_us(occurred_at) as delay_us
    from stg_raw__events
    where occurred_at is not null

),

placed as (

    select
        *,
        cast(floor((delay_us + 60000000) / 900000000) as bigint) as quarter,
        us % 86400000000 as us_of_day
    from timed

),

quarters as (

    select
        source_file,
        quarter,
        count(*) as rows,
        count(delay_us) as received,
        count(*) filter (delay_us - quarter * 900000000 < 300000000) as close_rows,
        count(*) filter (delay_us < -60000000) as ahead,
        min(delay_us) as least_us,
        count(*) filter (us_of_day = 0) as midnight,
        min(us_of_day) as first_of_day,
        max(us_of_day) as last_of_day,
        min(us) as first_us,
        max(us) as last_us
    from placed
    group by source_file, quarter

),

files as (

    select
        source_file,
        cast(sum(rows) as bigint) as rows,
        cast(sum(received) as bigint) as received,
        cast(sum(ahead) as bigint) as ahead,
        greatest(-min(least_us), 0) as ahead_us,
        cast(sum(midnight) as bigint) as midnight,
        case when min(first_of_day) = max(last_of_day) then 1 else 2 end as times_of_day,
        max(last_us) - min(first_us) as span_us,
        max_by(quarter, (close_rows, -abs(quarter))) filter (quarter between -56 and 56 and quarter <> 0) as quarters
    from quarters
    group by source_file

)

select
    files.*,
    cast(coalesce(sum(close_rows) filter (quarters.quarter = files.quarters), 0) as bigint) as shifted,
    cast(coalesce(sum(close_rows) filter (abs(quarters.quarter - files.quarters) in (0, 4)), 0) as bigint) as near
from files
left join quarters
    on files.source_file is not distinct from quarters.source_file
    and abs(quarters.quarter - files.quarters) in (0, 4)
group by all
order by source_file
