-- User properties whose value at the entry was built. Grain: property.
select distinct breakdown
from int_entrant_values
order by breakdown
