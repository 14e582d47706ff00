-- What became of every raw row. Grain: kind x outcome x reason.
select
    kind,
    outcome,
    reason,
    entries
from rpt_event_quality
order by kind, outcome, reason
