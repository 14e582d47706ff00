{{ config(enabled=funnelkit.declares('say')) }}
-- Who of those who could have answered could use a feature all the time before the wave's reference_at
-- that counts as its window.
with

pairs as (

    select
        users.wave_no,
        features.feature_no,
        features.is_entitled,
        users.user_key,
        {{ funnelkit.epoch_us('waves.reference_at') }} - features.within_us as from_us,
        {{ funnelkit.epoch_us('waves.reference_at') }} as until_us
    from {{ ref('fct_wave_users') }} as users
    inner join {{ ref('dim_waves') }} as waves on users.wave_no = waves.wave_no
    inner join {{ ref('int_customers') }} as customers on users.user_key = customers.user_key
    cross join (
        {{ funnelkit.feature_values(funnelkit.project_say_plan()) }}
    ) as features
    where {{ funnelkit.epoch_us('waves.reference_at') }} - features.within_us >= customers.known_us
        and {{ funnelkit.epoch_us('waves.reference_at') }} - features.within_us >= {{ funnelkit.log_start_us() }}
        and (
            features.released_at is null
            or {{ funnelkit.epoch_us('waves.reference_at') }} - features.within_us >= {{ funnelkit.epoch_us('features.released_at') }}
        )

)

select pairs.wave_no, pairs.feature_no, pairs.user_key
from pairs
{{ funnelkit.entitlement_joins('pairs', ref('int_entitled_times'), 'pairs.from_us', 'pairs.until_us') }}
where {{ funnelkit.is_entitled_then('pairs.is_entitled') }}
