-- How many an outcome came about for. One row: entrants of a clock for whom the outcome's interval
-- is over, and those of them for whom it came about; open: the interval is not over yet;
-- ineligible: converted before it began. Parameters: outcome; clock (whose entry).
select
    count(*) filter (where is_eligible and is_mature) as matured,
    count(*) filter (where is_eligible and is_mature and happened) as happened,
    count(*) filter (where is_eligible and not is_mature) as open,
    count(*) filter (where not is_eligible) as ineligible
from fct_outcomes
where outcome = $outcome and clock = $clock
