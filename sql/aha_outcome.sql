-- Does reaching an aha moment go with its outcome? One row: entrants since its declaration, those
-- for whom both are known by whether they reached it. Parameter: aha.
with entrants as (

    select
        moments.is_reached,
        outcomes.is_eligible,
        outcomes.is_mature,
        outcomes.happened
    from fct_aha_moments as moments
    inner join dim_aha_moments as declared on moments.aha_no = declared.aha_no
    inner join fct_outcomes as outcomes
        on
            declared.clock_no = outcomes.clock_no
            and declared.outcome = outcomes.outcome
            and moments.entity_key = outcomes.entity_key
    where moments.aha = $aha and (declared.declared_on is null or moments.is_after_declaration)

)

select
    count(*) filter (where is_eligible and is_mature and is_reached) as reachers,
    count(*) filter (where is_eligible and is_mature and is_reached and happened)
        as reachers_happened,
    count(*) filter (where is_eligible and is_mature and not is_reached) as others,
    count(*) filter (where is_eligible and is_mature and not is_reached and happened)
        as others_happened,
    count(*) filter (where is_eligible and not is_mature) as waiting,
    count(*) filter (where not is_eligible) as ineligible
from entrants
