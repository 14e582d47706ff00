-- Rounds of asking and how many answers each has. Grain: wave. No parameters.
select
    wave,
    answers
from dim_waves
order by wave_no
