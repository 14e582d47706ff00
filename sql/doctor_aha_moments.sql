-- How many reached each aha moment, as built. Grain: aha. `matured`: whose time for it is over.
select
    moments.aha as name,
    moments.definition_hash,
    count(*) as entrants,
    count(*) filter (is_mature) as matured,
    count(*) filter (is_mature and is_reached) as matured_reached
from dim_aha_moments as moments
join fct_aha_moments as entrants on moments.aha_no = entrants.aha_no
group by moments.aha_no, moments.aha, moments.definition_hash
order by moments.aha_no
