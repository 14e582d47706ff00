-- What came immediately before an outcome, in the same session. Grain: event. Parameter: outcome.
select
    preceding.event_name,
    preceding.entities,
    preceding.outcome_entities
from int_aha_preceding as preceding
inner join dim_outcomes as outcomes on preceding.outcome_no = outcomes.outcome_no
where outcomes.outcome = $outcome and preceding.outcome_entities > 0
order by preceding.event_name
