-- Answers, and how many of them name a user that is nowhere else; a user that a rule excludes is
-- somewhere. One row. `examples`: up to 3 ids.
select
    count(*) as answers,
    count(feedback.user_id) as signed,
    count(*) filter (feedback.user_id is not null and users.user_id is null) as unjoined,
    list_sort(
        list(distinct feedback.user_id)
        filter (feedback.user_id is not null and users.user_id is null)
    )[:3] as examples
from fct_feedback as feedback
left join int_users as users on feedback.user_id = users.user_id
