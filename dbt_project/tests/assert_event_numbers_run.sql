-- The events of a user are numbered from 1 without a gap or a repeat: by least, most, sum and sum of
-- squares, which costs less than to look for repeats among all.
select user_key
from (
    select user_key, event_no - user_key * 4294967296 as place
    from {{ ref('fct_events') }}
) as numbered
group by user_key
having min(place) <> 1
    or max(place) <> count(*)
    or sum(place) * 2 <> count(*) * (count(*) + 1)
    or sum(place * place) * 6 <> count(*) * (count(*) + 1) * (2 * count(*) + 1)
