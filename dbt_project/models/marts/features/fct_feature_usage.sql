{{ config(enabled=funnelkit.declares('say')) }}
-- Who used which feature on which day. A day counts in a window where its last event is not before the
-- window and its first is before the window's end; but for days of 25 hours in a window of one day.
with

used as (

    select
        feature_no,
        user_key,
        used_on,
        count(*) as events,
        min(occurred_at) as first_at,
        max(occurred_at) as last_at
    from (
        {{ funnelkit.feature_events(funnelkit.project_say_plan(), ref('fct_events')) }}
    ) as feature_events
    group by feature_no, user_key, used_on

)

select
    used.feature_no,
    features.feature,
    used.user_key,
    users.user_id,
    used.used_on,
    used.events,
    used.first_at,
    used.last_at
from used
inner join {{ ref('dim_features') }} as features on used.feature_no = features.feature_no
inner join {{ ref('dim_users') }} as users on used.user_key = users.user_key
