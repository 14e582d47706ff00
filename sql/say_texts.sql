-- Texts that speak of a feature, beside its use. Grain: answer x feature. Parameter: wave_no.
-- `heard` (registered): response_id, feature of the mentions with a polarity: most texts name one
-- feature or none, and a row for each would be most of what is read.
select s.response_id, s.feature_no, s.feature, s.user_key, s.customer_id, s.source, s.aims,
    s.opinion, s.submitted_at, s.days, s.left_out
from fct_say_do as s
inner join heard on heard.response_id = s.response_id and heard.feature = s.feature
where s.wave_no = $wave_no and s.aims = 'text'
order by s.response_id, s.feature_no
