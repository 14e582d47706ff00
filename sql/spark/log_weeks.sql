-- What the numbers rest on, as sql/log_weeks.sql has it, counted where the log is. Grain: week.
with

first_seen as (

    select
        ids.logged_id,
        date_trunc('week', min(ids.first_seen_at)) as week
    from int_log_ids as ids
    inner join int_identities as identities on ids.logged_id = identities.logged_id
    where identities.logged_id <> identities.user_id
    group by ids.logged_id

),

merges as (

    select week, count(*) as merges
    from first_seen
    group by week

),

weeks as (

    select
        date_trunc('week', occurred_at) as week,
        count(*) as events,
        count(distinct user_id) as entities,
        bit_xor(cast(conv(substring(
            md5(event_id || chr(31) || event_name || chr(31) || cast(unix_micros(occurred_at) as string) || chr(31) || coalesce(properties, '')),
            1, 12
        ), 16, 10) as bigint)) as digest,
        bit_xor(cast(conv(substring(md5(event_id || chr(31) || user_id), 1, 12), 16, 10) as bigint)) as people
    from fct_events
    group by date_trunc('week', occurred_at)

)

select
    cast(cast(weeks.week as date) as string) as week,
    weeks.events,
    weeks.entities,
    coalesce(merges.merges, 0) as merges,
    lpad(lower(hex(weeks.digest)), 12, '0') as digest,
    lpad(lower(hex(weeks.people)), 12, '0') as people
from weeks
left join merges on weeks.week = merges.week
