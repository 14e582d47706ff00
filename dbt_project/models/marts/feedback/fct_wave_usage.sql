{{ config(enabled=funnelkit.declares('say')) }}
-- On how many days everybody who could have answered used each feature before the wave's reference_at.
with

windows as (

    select
        waves.wave_no,
        features.feature_no,
        features.feature,
        {{ funnelkit.epoch_us('waves.reference_at') }} - features.within_us as from_us,
        {{ funnelkit.epoch_us('waves.reference_at') }} as until_us
    from {{ ref('dim_waves') }} as waves
    cross join {{ ref('dim_features') }} as features

),

used as (

    select windows.wave_no, windows.feature_no, windows.feature, usage.user_key, count(*) as days
    from {{ ref('fct_feature_usage') }} as usage
    inner join windows
        on usage.feature_no = windows.feature_no
        and {{ funnelkit.epoch_us('usage.last_at') }} >= windows.from_us
        and {{ funnelkit.epoch_us('usage.first_at') }} < windows.until_us
    group by windows.wave_no, windows.feature_no, windows.feature, usage.user_key

)

select used.wave_no, used.feature_no, used.feature, used.user_key, used.days
from used
inner join {{ ref('fct_wave_users') }} as users on used.wave_no = users.wave_no and used.user_key = users.user_key
