{{ config(enabled=funnelkit.declares('say')) }}
-- Every answer about a feature, and every text with every feature that texts can be about, with what
-- its author did: before it, or after an intent. Of people whom the log knows; not of other products.
with

features as (

    {{ funnelkit.feature_values(funnelkit.project_say_plan()) }}

),

said as (

    select
        *,
        {{ funnelkit.epoch_us('submitted_at') }} as us,
        case when kind = 'intent' then 'intent' else 'attitude' end as aims
    from {{ ref('fct_feedback') }}
    where user_key is not null and product is null

),

-- A later rating of the same wave takes the place of an earlier one: an asked one of an asked one, for
-- what people say unasked (tickets, reviews, interviews) is told apart.
ratings as (

    select
        said.response_id,
        said.aims,
        said.opinion,
        said.score,
        features.feature_no,
        count(said.opinion) over (
            partition by
                said.user_key, features.feature_no, said.wave_no, said.aims, said.source in ('survey', 'nps', 'exit')
            order by said.submitted_at, said.response_id
            rows between 1 following and unbounded following
        ) > 0 as is_superseded
    from said
    inner join features on said.feature = features.feature
    where said.kind in ('nps', 'csat', 'ces', 'rating5', 'satisfaction', 'intent')

),

answers as (

    select * from ratings
    union all
    select
        said.response_id,
        'text' as aims,
        cast(null as string) as opinion,
        cast(null as double) as score,
        features.feature_no,
        false as is_superseded
    from said
    cross join features
    where features.has_topics and said.text is not null and said.kind is distinct from 'choice'

),

windows as (

    select
        answers.*,
        said.wave_no,
        said.wave,
        features.feature,
        features.is_entitled,
        {{ funnelkit.epoch_us('features.released_at') }} as released_us,
        said.user_key,
        said.user_id,
        said.customer_id,
        said.source,
        said.kind,
        said.submitted_at,
        case when answers.aims = 'intent' then said.us else said.us - features.within_us end as from_us,
        case when answers.aims = 'intent' then said.us + features.within_us else said.us end as until_us
    from answers
    inner join said on answers.response_id = said.response_id
    inner join features on answers.feature_no = features.feature_no

),

-- Days with usage that lie in a window, whole or cut by one of its ends.
inside as (

    select
        windows.response_id,
        windows.feature_no,
        windows.aims,
        windows.user_key,
        windows.from_us,
        windows.until_us,
        usage.used_on,
        usage.events,
        {{ funnelkit.epoch_us('usage.first_at') }} >= windows.from_us and {{ funnelkit.epoch_us('usage.last_at') }} < windows.until_us as is_whole
    from (
        select response_id, feature_no, aims, user_key, from_us, least(until_us, {{ funnelkit.observed_us() }} + 1) as until_us
        from windows
    ) as windows
    inner join {{ ref('fct_feature_usage') }} as usage
        on windows.feature_no = usage.feature_no and windows.user_key = usage.user_key
        and {{ funnelkit.epoch_us('usage.last_at') }} >= windows.from_us
        and {{ funnelkit.epoch_us('usage.first_at') }} < windows.until_us

),

cut as (

    select * from inside where not is_whole

),

-- Of a day that is cut its events decide.
events as (

    {{ funnelkit.feature_events(
        funnelkit.project_say_plan(), '(select * from ' ~ ref('fct_events') ~ ' where user_key in (select user_key from cut)) as log'
    ) }}

),

counted as (

    select response_id, feature_no, aims, events from inside where is_whole
    union all
    select cut.response_id, cut.feature_no, cut.aims, count(*) as events
    from cut
    inner join events
        on cut.feature_no = events.feature_no and cut.user_key = events.user_key and cut.used_on = events.used_on
        and {{ funnelkit.epoch_us('events.occurred_at') }} >= cut.from_us
        and {{ funnelkit.epoch_us('events.occurred_at') }} < cut.until_us
    group by cut.response_id, cut.feature_no, cut.aims, cut.used_on

),

used as (

    select response_id, feature_no, aims, count(*) as days, cast(sum(events) as bigint) as events
    from counted
    group by response_id, feature_no, aims

),

final as (

    select
        windows.response_id,
        windows.wave_no,
        windows.wave,
        windows.feature_no,
        windows.feature,
        windows.user_key,
        windows.user_id,
        windows.customer_id,
        windows.source,
        windows.kind,
        windows.aims,
        windows.opinion,
        windows.score,
        windows.submitted_at,
        coalesce(used.days, 0) as days,
        coalesce(used.events, 0) as events,
        case
            when windows.is_superseded then 'superseded'
            when customers.known_us is null or windows.from_us < customers.known_us then 'no access for the whole window'
            when windows.from_us < windows.released_us then 'no access for the whole window'
            when not {{ funnelkit.is_entitled_then('windows.is_entitled') }} then 'no access for the whole window'
            when windows.from_us < {{ funnelkit.log_start_us() }} or windows.until_us > {{ funnelkit.observed_us() }} then 'window open'
            when windows.aims <> 'text' and windows.opinion is null then 'no opinion'
        end as left_out
    from windows
    inner join {{ ref('int_customers') }} as customers on windows.user_key = customers.user_key
    left join used
        on windows.response_id = used.response_id and windows.feature_no = used.feature_no and windows.aims = used.aims
    {{ funnelkit.entitlement_joins('windows', ref('int_entitled_times'), 'windows.from_us', 'windows.until_us') }}

)

select * from final
