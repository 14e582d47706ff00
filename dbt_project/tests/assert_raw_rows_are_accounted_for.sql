-- Every raw row is accepted, a duplicate, or rejected with its reason; no count is negative.
with counted as (
    select sum(entries) as entries, min(entries) as least
    from {{ ref('rpt_event_quality') }}
    where kind = 'events' and outcome in ('accepted', 'duplicate', 'rejected')
        and not (outcome = 'rejected' and reason = 'line cannot be parsed')
),
raw_rows as (
    select count(*) as entries from {{ ref('stg_raw__events') }}
)
select counted.entries, raw_rows.entries as raw_entries
from counted
inner join raw_rows on counted.entries <> raw_rows.entries or counted.least < 0
