-- What the numbers rest on. Grain: week (UTC, from Monday); $until: of events up to then, null for
-- all. digest: of the events, whosever they are; people: of whose they are; neither depends on the
-- order of the rows, and each is hashed once more, so that the difference of two is not the hash of
-- the row that came. merges: ids of another person, by the week of their first event.
with

joined as (

    select
        date_trunc('week', min(ids.first_seen_at)) as week
    from int_log_ids as ids
    inner join int_identities as identities on ids.logged_id = identities.logged_id
    where identities.logged_id <> identities.user_id
    group by ids.logged_id
    having $until is null or min(ids.first_seen_at) <= cast($until as timestamp)

),

merges as (

    select week, count(*) as merges
    from joined
    group by week

),

weeks as (

    select
        date_trunc('week', occurred_at) as week,
        count(*) as events,
        count(distinct user_id) as entities,
        bit_xor(cast('0x' || substring(
            md5(event_id || chr(31) || event_name || chr(31) || cast(epoch_us(occurred_at) as varchar) || chr(31) || coalesce(properties, '')),
            1, 12
        ) as bigint)) as digest,
        bit_xor(cast('0x' || substring(md5(event_id || chr(31) || user_id), 1, 12) as bigint)) as people
    from fct_events
    where $until is null or occurred_at <= cast($until as timestamp)
    group by 1

)

select
    cast(cast(weeks.week as date) as varchar) as week,
    weeks.events,
    weeks.entities,
    coalesce(merges.merges, 0) as merges,
    substring(md5('events' || cast(weeks.digest as varchar)), 1, 12) as digest,
    substring(md5('people' || cast(weeks.people as varchar)), 1, 12) as people
from weeks
left join merges on weeks.week = merges.week
order by week
