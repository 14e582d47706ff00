-- Where answers come from. Grain: source, as the answers have it; may be null. No parameters.
select source, count(*) as answers
from fct_feedback
group by source
order by source nulls last
