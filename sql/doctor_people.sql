-- Who is in the log and who was told. One row. `told`: users that a users file names, `unseen` of
-- them without an event; `seen` have events, `anonymous` of them are devices of nobody.
select
    count(*) filter (first_seen_at is not null) as seen,
    count(*) filter (first_seen_at is not null and starts_with(user_id, 'anonymous:')) as anonymous,
    (select count(distinct user_id) from int_user_rows) as told,
    count(*) filter (first_seen_at is null) as unseen
from dim_users
