{{ config(enabled=funnelkit.declares('say')) }}
-- What an answer's author did is what the log says, event by event: of a thousand answers, counted anew.
with

asked as (

    select
        said.response_id,
        said.feature_no,
        said.aims,
        said.user_key,
        said.days,
        said.events,
        {{ funnelkit.epoch_us('said.submitted_at') }} - case when said.aims = 'intent' then 0 else features.within_us end as from_us,
        least(
            {{ funnelkit.epoch_us('said.submitted_at') }} + case when said.aims = 'intent' then features.within_us else 0 end,
            {{ funnelkit.observed_us() }} + 1
        ) as until_us
    from {{ ref('fct_say_do') }} as said
    inner join {{ ref('dim_features') }} as features on said.feature_no = features.feature_no
    order by said.response_id, said.feature_no, said.aims
    limit 1000

),

log as (

    select * from {{ ref('fct_events') }} where user_key in (select user_key from asked)

),

used as (

    {{ funnelkit.feature_events(funnelkit.project_say_plan(), 'log') }}

),

counted as (

    select
        asked.response_id,
        asked.feature_no,
        asked.aims,
        asked.days,
        asked.events,
        count(distinct used.used_on) as logged_days,
        count(used.used_on) as logged_events
    from asked
    left join used
        on asked.feature_no = used.feature_no and asked.user_key = used.user_key
        and {{ funnelkit.epoch_us('used.occurred_at') }} >= asked.from_us
        and {{ funnelkit.epoch_us('used.occurred_at') }} < asked.until_us
    group by asked.response_id, asked.feature_no, asked.aims, asked.days, asked.events

)

select * from counted where days <> logged_days or events <> logged_events
