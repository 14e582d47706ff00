-- Counts of the time-to-aha curve. Grain: entry week x breakdown value x distinct time since the
-- entry, at which an entity reached it or was last seen. Parameters: aha; breakdown, null for
-- everybody.
select
    cast(moments.cohort as varchar) as cohort,
    entrant_values.value,
    case when moments.is_reached then moments.reached_us else moments.seen_us end as elapsed_us,
    count(*) filter (where moments.is_reached) as reached,
    count(*) filter (where not moments.is_reached) as censored
from fct_aha_moments as moments
inner join dim_aha_moments as declared on moments.aha_no = declared.aha_no
left join int_entrant_values as entrant_values
    on
        declared.clock_no = entrant_values.clock_no
        and moments.entity_key = entrant_values.entity_key
        and entrant_values.breakdown = $breakdown
where moments.aha = $aha
group by all
order by cohort, value nulls first, elapsed_us
