-- Every accepted answer of nobody who is excluded is there once, and in one wave at most.
with

accepted as (

    select count(distinct feedback.response_id) as answers
    from {{ ref('stg_raw__feedback') }} as feedback
    left join {{ ref('int_identities') }} as identities on {{ funnelkit.logged_id('feedback.user_id', 'null') }} = identities.logged_id
    left join {{ ref('int_users') }} as users on identities.user_key = users.user_key
    where feedback.reject_reason is null and users.excluded_by is null

),

kept as (

    select count(*) as answers, count(wave_no) as in_waves from {{ ref('fct_feedback') }}

),

waves as (

    select coalesce(sum(answers), 0) as answers from {{ ref('dim_waves') }}

)

select accepted.answers, kept.answers as kept, kept.in_waves, waves.answers as of_waves
from accepted
cross join kept
cross join waves
where accepted.answers <> kept.answers or kept.in_waves <> waves.answers
