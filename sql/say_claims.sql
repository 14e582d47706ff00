-- What was said of an amount or a number, beside what was logged. Grain: response.
-- Parameter: wave_no (null: all).
select response_id, wave_no, wave, question, user_key, said, logged, left_out
from fct_claims
where $wave_no is null or wave_no = $wave_no
order by question, response_id
