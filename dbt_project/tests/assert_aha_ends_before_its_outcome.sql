{{ config(enabled=funnelkit.declares('aha')) }}
-- What is compared with an outcome ends before the outcome starts: the window of an aha moment, and of
-- the search every exposure and the sign of life after it.
select moments.aha as name, moments.within_us as ends_us, outcomes.after_us
from {{ ref('dim_aha_moments') }} as moments
inner join {{ ref('dim_outcomes') }} as outcomes on moments.outcome_no = outcomes.outcome_no
where moments.within_us > outcomes.after_us
union all
select 'aha_search' as name, search.landmark_us as ends_us, outcomes.after_us
from {{ ref('dim_aha_search') }} as search
inner join {{ ref('dim_outcomes') }} as outcomes on search.outcome_no = outcomes.outcome_no
where search.landmark_us > outcomes.after_us or search.xmax_us >= search.landmark_us
union all
select told.outcome as name, told.happened_us as ends_us, outcomes.after_us
from {{ ref('fct_outcomes') }} as told
inner join {{ ref('dim_outcomes') }} as outcomes on told.outcome_no = outcomes.outcome_no
where told.happened_us < outcomes.after_us or told.happened_us >= outcomes.after_us + outcomes.within_us
union all
select moments.aha as name, moments.reached_us as ends_us, moments.seen_us as after_us
from {{ ref('fct_aha_moments') }} as moments
inner join {{ ref('dim_aha_moments') }} as names on moments.aha = names.aha
where moments.reached_us >= names.within_us or moments.reached_us > moments.seen_us
