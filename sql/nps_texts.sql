-- Who wrote what in a wave, by the same name as in nps_answers. Grain: response with a text.
-- Parameter: wave_no.
select response_id, respondent
from fct_feedback
where wave_no = $wave_no and text is not null and product is null
order by response_id
