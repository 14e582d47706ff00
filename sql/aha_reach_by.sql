-- The same counts by any user property, as of the entry. Grain: entry week x value.
-- Parameters: aha; breakdown, a user property.
select
    moments.aha,
    cast(moments.cohort as varchar) as cohort,
    entrant_values.breakdown,
    entrant_values.value,
    count(*) as entrants,
    count(*) filter (where moments.is_mature) as matured,
    count(*) filter (where moments.is_mature and moments.is_reached) as matured_reached,
    count(*) filter (where moments.is_reached) as reached,
    count(*) filter (where not moments.is_mature and not moments.is_reached) as open,
    count(*) filter (where moments.is_mature and not moments.is_reached) as not_reached
from fct_aha_moments as moments
inner join dim_aha_moments as declared on moments.aha_no = declared.aha_no
inner join int_entrant_values as entrant_values
    on
        declared.clock_no = entrant_values.clock_no
        and moments.entity_key = entrant_values.entity_key
where moments.aha = $aha and entrant_values.breakdown = $breakdown
group by all
order by cohort, value
