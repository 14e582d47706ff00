-- The search as it was built. Grain: one row, none without a search.
select definition_hash
from dim_aha_search
