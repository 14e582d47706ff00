-- What the numbers rest on. Grain: week (UTC, from Monday). The digest does not depend on the order
-- of the rows; it changes when an event is added, removed, or goes to another user.
select
    cast(cast(date_trunc('week', occurred_at) as date) as varchar) as week,
    count(*) as events,
    count(distinct user_id) as entities,
    lpad(lower(to_hex(bit_xor(cast('0x' || substring(
        md5(event_id || chr(31) || user_id || chr(31) || event_name || chr(31) || cast(epoch_us(occurred_at) as varchar)),
        1, 12
    ) as bigint)))), 12, '0') as digest
from fct_events
group by all
order by week
