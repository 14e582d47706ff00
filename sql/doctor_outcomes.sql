-- Whom each outcome, as built, tells apart, on the clock with the most entrants. Grain: outcome.
-- `eligible` had not converted before its time, `matured` of them saw all of it, `happened` of those
-- had it.
select
    outcomes.outcome as name,
    outcomes.definition_hash,
    count(*) as entrants,
    count(*) filter (is_eligible) as eligible,
    count(*) filter (is_eligible and is_mature) as matured,
    count(*) filter (is_eligible and is_mature and happened) as happened
from dim_outcomes as outcomes
join fct_outcomes as entrants on outcomes.outcome_no = entrants.outcome_no
group by outcomes.outcome_no, outcomes.outcome, outcomes.definition_hash, entrants.clock_no
qualify row_number() over (
    partition by outcomes.outcome_no order by count(*) desc, entrants.clock_no
) = 1
order by outcomes.outcome_no
