-- Whether an outcome came about, of those for whom it still could. Grain: entry week, of whom anybody
-- entered. Parameters: clock (whose entry); outcome.
select
    cast(entrants.cohort as varchar) as cohort,
    count(*) as entrants,
    count(*) filter (told.is_mature) as matured,
    count(*) filter (told.is_mature and told.happened) as happened
from fct_outcomes as told
inner join int_entrants as entrants
    on told.clock_no = entrants.clock_no and told.entity_key = entrants.entity_key
where told.clock = $clock and told.outcome = $outcome and told.is_eligible
group by entrants.cohort
order by entrants.cohort
