{{ config(enabled=funnelkit.declares('say')) }}
-- Customers of everybody who could have answered in a wave, with the revenue as of its reference_at.
select
    wave_no,
    customer_id,
    count(*) as users,
    max(revenue_cents) as revenue_cents
from {{ ref('fct_wave_users') }}
group by wave_no, customer_id
