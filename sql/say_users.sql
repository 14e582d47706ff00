-- Everybody that a wave could have asked. Grain: user. Parameter: wave_no.
select user_key, customer_id, tenure_days, active_days, aha_reached, revenue_cents
from fct_wave_users
where wave_no = $wave_no
order by user_key
