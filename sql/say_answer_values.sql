-- What respondents were when they answered. Grain: answer x breakdown.
-- Parameters: wave_no (null: all), names.
select v.response_id, v.breakdown, v.value
from fct_answer_values as v
inner join fct_feedback as f on f.response_id = v.response_id
where ($wave_no is null or f.wave_no = $wave_no) and list_contains($names, v.breakdown)
order by v.response_id, v.breakdown
