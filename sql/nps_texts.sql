-- Who wrote what in a wave, by the same name as in nps_answers. Grain: response with a text.
-- Parameter: wave_no.
select
    response_id,
    coalesce(
        user_id,
        -- Of a wide export, a row of the file is one person's.
        'response ' || case
            when ends_with(response_id, ':' || question) then left(response_id, -1 - length(question))
            else response_id
        end
    ) as respondent
from fct_feedback
where wave_no = $wave_no and text is not null and product is null
order by response_id
