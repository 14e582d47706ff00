{{ config(enabled=funnelkit.declares('say')) }}
-- What was known of everybody who could have answered, as of the wave's reference_at.
with

asked as (

    select users.wave_no, users.user_key, waves.reference_at
    from {{ ref('fct_wave_users') }} as users
    inner join {{ ref('dim_waves') }} as waves on users.wave_no = waves.wave_no

)

select * from (
    {{ funnelkit.values_at('asked', ['wave_no', 'user_key'], 'reference_at') }}
) as known
