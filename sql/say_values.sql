-- What they were as of the wave. Grain: user x breakdown. Parameters: wave_no, names.
select user_key, breakdown, value
from fct_wave_values
where wave_no = $wave_no and list_contains($names, breakdown)
order by user_key, breakdown
