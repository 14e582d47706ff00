-- Whose the ids of the log are. One row, counts of ids. `anonymous` ids are devices, `owned` of them
-- a user's, `shared` of several users; `crowded` of too many, `capped` ids of too many others, with
-- one example each.
select
    count(*) filter (starts_with(logged_id, 'anonymous:')) as anonymous,
    count(*) filter (not starts_with(logged_id, 'anonymous:')) as users,
    count(*) filter (starts_with(logged_id, 'anonymous:') and not starts_with(user_id, 'anonymous:')) as owned,
    count(*) filter (how = 'shared device') as shared,
    count(*) filter (how = 'too many users') as crowded,
    min(logged_id) filter (how = 'too many users') as crowded_id,
    count(*) filter (how = 'too many ids') as capped,
    min(logged_id) filter (how = 'too many ids') as capped_id
from int_identities
