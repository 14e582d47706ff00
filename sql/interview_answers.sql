-- Who gave the answers of a wave, and when. Grain: response. Parameter: wave_no.
select
    response_id,
    user_id,
    account_id,
    score,
    submitted_at
from fct_feedback
where wave_no = $wave_no and user_key is not null
order by response_id
