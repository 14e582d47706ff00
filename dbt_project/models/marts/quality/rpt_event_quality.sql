-- What became of every raw row: rows accepted, duplicates, rejected, and values given up in rows
-- that were kept. accepted + duplicate + rejected at staging = raw rows.
with

events as (

    select * from {{ ref('fct_events') }}

),

staged as (

    select * from {{ ref('stg_raw__events') }}

),

rejects as (

    select * from {{ ref('raw_rejects') }}

),

totals as (

    select
        (select count(*) from staged) as raw_rows,
        (select count(*) from staged where reject_reason is not null) as rejected_rows,
        (select count(*) from events) as accepted_rows

),

untyped as (

    select trim(property) as property, count(*) as entries
    from (select unnest(string_split(untyped_properties, ',')) as property from events where untyped_properties <> '') as named
    group by trim(property)

),

final as (

    select 'events' as kind, 'accepted' as outcome, 'events' as reason, accepted_rows as entries
    from totals
    union all
    select 'events' as kind, 'duplicate' as outcome, 'same event_id as an earlier row' as reason,
        raw_rows - rejected_rows - accepted_rows as entries
    from totals
    union all
    select kind, 'rejected' as outcome, case when stage = 'load' then 'line cannot be parsed' else reason end as reason,
        count(*) as entries
    from rejects
    group by all
    union all
    select 'events' as kind, 'kept' as outcome, property || ' does not fit its type' as reason, entries
    from untyped
    union all
    select 'events' as kind, 'kept' as outcome, 'properties are not JSON' as reason, count(*) as entries
    from events
    where has_bad_properties
    having count(*) > 0

)

select kind, outcome, reason, cast(entries as bigint) as entries
from final
