-- Where the matured that did not reach an aha moment got to. Grain: step x next event.
-- Parameter: aha.
select
    aha,
    step,
    step_name,
    next_event,
    entities
from rpt_aha_stuck
where aha = $aha
order by entities desc, step nulls first, next_event nulls first
