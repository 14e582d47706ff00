-- The outcomes as they were built. Grain: outcome, in the order of the definitions.
select
    outcome,
    kind,
    negated,
    after_us,
    within_us,
    definition,
    definition_hash
from dim_outcomes
order by outcome_no
