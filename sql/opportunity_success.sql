-- Whether the first use of a feature in its window before a wave led to what it is for. Grain: user of
-- the wave's frame that used it, and whose time for it has passed. Parameters: wave_no, feature_no,
-- within_us. On fk_success (user_key, occurred_at).
with

-- Of a day that the window begins in, only its last use is known to be inside.
used as (

    select
        usage.user_key,
        min(
            case
                when waves.reference_at - to_microseconds(features.within_us) <= usage.first_at then usage.first_at
                else usage.last_at
            end
        ) as used_at
    from fct_feature_usage as usage
    inner join dim_features as features on usage.feature_no = features.feature_no
    inner join dim_waves as waves on waves.wave_no = $wave_no
    where
        usage.feature_no = $feature_no
        and waves.reference_at - to_microseconds(features.within_us) <= usage.last_at
        and usage.first_at < waves.reference_at
    group by usage.user_key

),

over as (

    select used.*
    from used
    cross join int_observed_until
    where used.used_at + to_microseconds($within_us) <= int_observed_until.observed_until

)

select
    over.user_key,
    count(success.user_key) > 0 as succeeded
from over
inner join fct_wave_users as wave_users
    on over.user_key = wave_users.user_key and wave_users.wave_no = $wave_no
left join fk_success as success
    on
        over.user_key = success.user_key
        and over.used_at < success.occurred_at
        and success.occurred_at <= over.used_at + to_microseconds($within_us)
group by over.user_key
order by over.user_key
