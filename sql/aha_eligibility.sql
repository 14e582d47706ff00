-- Who can be searched, and who not. One row. Parameters: clock; outcome.
select
    count(*) as entrants,
    count(*) filter (where not is_eligible) as ineligible,
    count(*) filter (where is_eligible and not is_mature) as waiting
from fct_outcomes
where clock = $clock and outcome = $outcome
