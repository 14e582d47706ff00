-- Waves and what was asked in them. Grain: wave x kind x whether it is asked of a feature.
-- `people`: identified answers.
select
    w.wave_no,
    w.wave,
    cast(w.reference_at as varchar) as reference_at,
    f.kind,
    f.feature is not null as of_feature,
    count(*) as answers,
    count(f.user_key) as people
from dim_waves as w
inner join fct_feedback as f on f.wave_no = w.wave_no
group by all
order by reference_at, w.wave_no, f.kind, of_feature
