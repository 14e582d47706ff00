-- How important features are to respondents of a wave, and how satisfied they are: the latest answer
-- to each. Grain: feature x scale (importance, satisfaction) x respondent. Parameters: wave_no;
-- breakdown, a user property or segment for `value`, as of the answer; null for none.
with

answers as (

    select
        response_id,
        feature,
        case kind when 'importance' then 'importance' else 'satisfaction' end as scale,
        respondent,
        coalesce(customer_id, respondent) as customer_id,
        opinion = 'like' as is_top
    from fct_feedback
    where
        wave_no = $wave_no
        and product is null
        and opinion is not null
        and feature is not null
        and kind in ('importance', 'satisfaction', 'rating5')
    qualify row_number() over (
        partition by feature, scale, respondent order by submitted_at desc, response_id desc
    ) = 1

)

select
    answers.feature,
    answers.scale,
    answers.customer_id,
    answers.is_top,
    answer_values.value
from answers
left join fct_answer_values as answer_values
    on answers.response_id = answer_values.response_id and answer_values.breakdown = $breakdown
order by answers.feature, answers.scale, answers.respondent
