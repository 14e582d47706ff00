-- Counts of who came back. Grain: entry week x breakdown value x week since the entry.
-- Parameters: clock (whose entry); outcome; breakdown, null for everybody.
select
    outcome,
    cast(cohort as varchar) as cohort,
    breakdown,
    value,
    week,
    entrants,
    matured,
    retained
from rpt_retention
where clock = $clock and outcome = $outcome and breakdown is not distinct from $breakdown
order by cohort, value nulls first, week
