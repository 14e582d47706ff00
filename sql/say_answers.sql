-- Ratings and intents beside use. Grain: answer x feature. Parameter: wave_no.
select response_id, feature_no, feature, user_key, customer_id, source, aims, opinion,
    submitted_at, days, left_out
from fct_say_do
where wave_no = $wave_no and aims <> 'text'
order by response_id, feature_no
