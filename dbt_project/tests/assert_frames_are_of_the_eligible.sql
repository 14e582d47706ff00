{{ config(enabled=funnelkit.declares('say')) }}
-- Everybody of a wave was known 28 days before; who had access or used something is among them.
select users.wave_no, users.user_key, 'not known for 28 days' as wrong
from {{ ref('fct_wave_users') }} as users
inner join {{ ref('dim_waves') }} as waves on users.wave_no = waves.wave_no
left join {{ ref('int_customers') }} as customers on users.user_key = customers.user_key
where not coalesce(customers.known_us <= {{ funnelkit.epoch_us('waves.reference_at') }} - 2419200000000, false)
    or users.tenure_days < 28
    or users.active_days > 29
union all
select pairs.wave_no, pairs.user_key, 'not in the frame' as wrong
from (
    select wave_no, user_key from {{ ref('fct_wave_access') }}
    union
    select wave_no, user_key from {{ ref('fct_wave_usage') }}
) as pairs
left join {{ ref('fct_wave_users') }} as users on pairs.wave_no = users.wave_no and pairs.user_key = users.user_key
where users.user_key is null
