-- What each respondent of a wave said to the NPS question of the whole (not of a feature), the latest answer where there are several.
-- Grain: wave x respondent. An anonymous answer is a respondent, and a customer, of its own.
-- Parameter: breakdown, a user property or segment for `value`, as of the answer; null for none.
with

answers as (

    select
        wave_no,
        wave,
        response_id,
        respondent,
        coalesce(customer_id, respondent) as customer_id,
        user_id is null as is_anonymous,
        case opinion when 'like' then 1 when 'neutral' then 0 else -1 end as vote
    from fct_feedback
    where
        wave_no is not null
        and product is null
        and opinion is not null
        and kind = 'nps'
        and feature is null
    qualify row_number() over (
        partition by wave_no, respondent order by submitted_at desc, response_id desc
    ) = 1

)

select
    answers.wave_no,
    answers.wave,
    waves.reference_at,
    answers.respondent,
    answers.customer_id,
    answers.is_anonymous,
    answers.vote,
    answer_values.value
from answers
inner join dim_waves as waves on answers.wave_no = waves.wave_no
left join fct_answer_values as answer_values
    on answers.response_id = answer_values.response_id and answer_values.breakdown = $breakdown
order by waves.reference_at, answers.wave_no, answers.respondent
