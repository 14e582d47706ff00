{{ config(enabled=funnelkit.declares('say')) }}
-- What people said they did, held against the log of the same time and unit.
with

said as (

    select
        questions.question_no,
        feedback.*,
        {{ funnelkit.epoch_us('feedback.submitted_at') }} - questions.within_us as from_us,
        {{ funnelkit.epoch_us('feedback.submitted_at') }} as until_us
    from {{ ref('fct_feedback') }} as feedback
    inner join (
        {{ funnelkit.question_values(funnelkit.project_say_plan()) }}
    ) as questions on feedback.question = questions.question
    where questions.within_us is not null and feedback.user_key is not null and feedback.score is not null

),

events as (

    {{ funnelkit.claim_events(funnelkit.project_say_plan(), ref('fct_events')) }}

),

logged as (

    select response_id, {{ funnelkit.claim_measure(funnelkit.project_say_plan()) }} as logged
    from (
        select said.question_no, said.response_id, events.us, events.used_on, events.amount
        from said
        left join events
            on said.question_no = events.question_no and said.user_key = events.user_key
            and events.us >= said.from_us and events.us < said.until_us
    ) as found
    group by question_no, response_id

)

select
    said.response_id,
    said.wave_no,
    said.wave,
    said.question,
    said.user_key,
    said.user_id,
    said.customer_id,
    said.score as said,
    logged.logged,
    case
        when customers.first_event_us is null or said.from_us < customers.first_event_us or said.until_us > {{ funnelkit.observed_us() }}
            then 'window open'
    end as left_out
from said
inner join logged on said.response_id = logged.response_id
inner join {{ ref('int_customers') }} as customers on said.user_key = customers.user_key
