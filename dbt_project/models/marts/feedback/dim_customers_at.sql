{{ config(enabled=funnelkit.declares('say')) }}
-- Customers of everybody who could have answered in a wave, with the revenue as of its reference_at, and
-- of whoever answered without being one of them, known for too short a time: as of their last answer.
with

frame as (

    select
        wave_no,
        customer_id,
        count(*) as users,
        max(revenue_cents) as revenue_cents
    from {{ ref('fct_wave_users') }}
    group by wave_no, customer_id

),

others as (

    select answered.wave_no, answered.customer_id, max(answered.submitted_at) as asked_at
    from {{ ref('fct_feedback') }} as answered
    left join frame on answered.wave_no = frame.wave_no and answered.customer_id = frame.customer_id
    where answered.wave_no is not null and answered.user_key is not null and frame.customer_id is null
    group by answered.wave_no, answered.customer_id

),

revenue as (
    {{ funnelkit.customer_revenue('others') }}

)

select wave_no, customer_id, users, revenue_cents from frame
union all
select others.wave_no, others.customer_id, 0 as users, revenue.revenue_cents
from others
left join revenue on others.wave_no = revenue.wave_no and others.customer_id = revenue.customer_id
