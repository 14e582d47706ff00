-- What became of the answers of a wave. Grain: feature x reason; `feature` null: of the wave itself,
-- where the reason is `anonymous`, `no rating of a feature`, or null for ratings. Of a feature the
-- reason is why a rating does not count, null where it does. Parameter: wave.
with

ratings as (

    select response_id, feature, left_out
    from fct_say_do
    where wave = $wave and aims <> 'text'

),

answers as (

    select
        cast(null as varchar) as feature,
        case
            when user_key is null then 'anonymous'
            when response_id not in (select response_id from ratings) then 'no rating of a feature'
        end as reason
    from fct_feedback
    where wave = $wave
    union all
    select feature, left_out as reason
    from ratings

)

select feature, reason, count(*) as answers
from answers
group by feature, reason
order by feature nulls first, reason nulls last
