-- An entity's events in row order, with the step that each fills. Grain: event (of fk_explained) x
-- step filled. Parameters: entity_key; from_us; until_us, null without an end; named: of these
-- events also those before and after. On the engine's temp tables and fk_explained, the entity's
-- events.
with

chain_rows as (

    select *
    from fk_chain_rows
    where run = 'all' and (p & 4294967295) = $entity_key

),

rows as (

    select
        us,
        event_no,
        min(pos) as pos,
        min(p) as lane,
        bit_or(mask) as mask,
        bit_or(xmask) as xmask
    from fk_rows
    where (p & 4294967295) = $entity_key
    group by us, event_no

),

-- Equal events of a log without ids are one row of the funnel: it fills a step once.
events as (

    select
        *,
        epoch_us(occurred_at) as us,
        row_number() over (partition by occurred_at, event_no order by event_name) = 1 as is_first
    from fk_explained

)

select
    events.us,
    events.event_name as event,
    events.event_id,
    chain_rows.attempt,
    chain_rows.filled as step,
    chain_rows.us_from_entry,
    chain_rows.us_from_previous,
    coalesce(rows.mask, 0) as mask,
    coalesce(rows.xmask, 0) as xmask,
    events.is_unheld,
    rows.lane,
    case
        when events.us < $from_us then 'before'
        when events.us > $until_us then 'after'
        else 'inside'
    end as place
from events
left join rows on events.us = rows.us and events.event_no = rows.event_no
left join chain_rows
    on events.us = chain_rows.us and events.event_no = chain_rows.event_no and events.is_first
where
    (events.us >= $from_us and coalesce(events.us <= $until_us, true))
    or list_contains($named, events.event_name)
order by events.us, rows.pos nulls last, events.event_no, events.event_name, chain_rows.step
