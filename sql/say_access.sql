-- Who could use a feature throughout its window before a wave, and on how many days they did.
-- Grain: user x feature. Parameter: wave_no.
select a.feature_no, a.user_key, coalesce(u.days, 0) as days
from fct_wave_access as a
left join fct_wave_usage as u
    on u.wave_no = a.wave_no and u.feature_no = a.feature_no and u.user_key = a.user_key
where a.wave_no = $wave_no
order by a.feature_no, a.user_key
