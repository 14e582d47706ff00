-- Waves with texts, the earliest first. Grain: wave.
-- No parameters.
select
    dim_waves.wave_no,
    dim_waves.wave,
    dim_waves.reference_at,
    count(*) as texts
from dim_waves
inner join fct_feedback on dim_waves.wave_no = fct_feedback.wave_no
where fct_feedback.text is not null and fct_feedback.product is null
group by all
order by dim_waves.reference_at nulls first, dim_waves.wave_no
