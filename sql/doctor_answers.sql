-- What was answered. Grain: question x kind x feature, as the answers have them; each may be null.
-- `outside`: answers outside their scale; `example`: what is wrong with one of them.
-- No parameters.
select
    question,
    kind,
    feature,
    count(*) as answers,
    count(problem) as outside,
    min(problem) as example
from fct_feedback
group by all
order by question nulls last, kind nulls last, feature nulls last
