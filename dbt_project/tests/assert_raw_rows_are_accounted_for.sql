-- Every raw row is accepted, a duplicate, excluded, late, or rejected in staging with its reason.
with
counted as (
    select kind, sum(entries) as entries
    from {{ ref('rpt_event_quality') }}
    where outcome in ('accepted', 'duplicate', 'excluded', 'late')
        or outcome = 'rejected' and reason not in ('line cannot be parsed', 'forgotten')
    group by kind
),
raw_rows as (
    select 'events' as kind, count(*) as entries from {{ ref('stg_raw__events') }}
    union all
    select 'users' as kind, count(*) as entries from {{ ref('stg_raw__users') }}
    union all
    select 'feedback' as kind, count(*) as entries from {{ ref('stg_raw__feedback') }}
)
select raw_rows.kind, counted.entries, raw_rows.entries as raw_entries
from raw_rows
left join counted on raw_rows.kind = counted.kind
where coalesce(counted.entries, 0) <> raw_rows.entries
