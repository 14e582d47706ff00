-- Events of the entrants of the search's clock. Grain: entity x event; columns: n_<days>d, how often
-- within so many days of the entry, and n_alive, how often in the time after the longest of them.
select *
from int_aha_exposures
