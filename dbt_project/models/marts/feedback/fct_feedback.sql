{%- set plan = fromjson(funnelkit.project_say_plan()) -%}

-- What customers said: one row a response; of users that a rule excludes nothing. What is declared of a
-- question is right where the file says otherwise.
with

feedback as (

    select
        feedback.* except (user_id, kind, feature),
        coalesce(identities.user_id, feedback.user_id) as user_id,
        identities.user_key,
        coalesce(questions.kind, feedback.kind) as kind,
        coalesce(questions.feature, feedback.feature) as feature,
        questions.lo,
        questions.hi
    from {{ ref('stg_raw__feedback') }} as feedback
    left join {{ ref('int_identities') }} as identities on {{ funnelkit.logged_id('feedback.user_id', 'null') }} = identities.logged_id
    left join {{ ref('int_users') }} as users on identities.user_key = users.user_key
    left join (
        {{ funnelkit.question_values(funnelkit.project_say_plan()) }}
    ) as questions on feedback.question = questions.question
    where feedback.reject_reason is null and users.excluded_by is null

),

responses as (

    select *
    from feedback
    qualify row_number() over (
        partition by response_id
        order by
            submitted_at, user_id nulls last, source nulls last, question nulls last, kind nulls last,
            feature nulls last, score nulls last, text nulls last, language nulls last, product nulls last
    ) = 1

),

scaled as (

    select
        responses.* except (lo, hi),
        coalesce(responses.lo, scales.lo) as lo,
        coalesce(responses.hi, scales.hi) as hi,
        responses.score < coalesce(responses.lo, scales.lo) or responses.score > coalesce(responses.hi, scales.hi) as is_outside
    from responses
    left join (
        {{ funnelkit.scale_values() }}
    ) as scales on responses.kind = scales.kind

),

{% if plan.waves.kind == 'declared' -%}
waved as (

    select
        scaled.*,
        waves.wave_no,
        waves.wave
    from scaled
    left join (
        {{ funnelkit.wave_values(funnelkit.project_say_plan()) }}
    ) as waves on scaled.submitted_at >= waves.from_at and scaled.submitted_at < waves.until_at

),
{%- else -%}
timed as (

    select
        scaled.*,
        {{ funnelkit.calendar_wave(plan.waves.kind, funnelkit.local_time('scaled.submitted_at', plan.timezone)) }} as wave
    from scaled

),

-- Numbered among themselves: there are few, and of responses many.
waves as (

    select wave, cast(row_number() over (order by wave nulls last) - 1 as bigint) as wave_no
    from (select distinct wave from timed) as asked

),

waved as (

    select
        timed.* except (wave),
        waves.wave_no,
        timed.wave
    from timed
    inner join waves on timed.wave = waves.wave

),
{%- endif %}

final as (

    select
        waved.response_id,
        waved.user_id,
        users.user_key,
        users.account_id,
        coalesce(users.account_id, users.user_id) as customer_id,
        coalesce(
            waved.user_id,
            -- Of a wide export, a row of the file is one person's.
            'response ' || case
                when right(waved.response_id, 1 + length(waved.question)) = ':' || waved.question
                    then left(waved.response_id, length(waved.response_id) - 1 - length(waved.question))
                else waved.response_id
            end
        ) as respondent,
        waved.source,
        waved.question,
        waved.kind,
        waved.feature,
        waved.product,
        waved.wave_no,
        waved.wave,
        waved.text,
        waved.language,
        waved.score,
        case
            when waved.score is null or waved.lo is null or waved.is_outside then cast(null as string)
            when waved.kind = 'nps' and waved.score >= 9 then 'like'
            when waved.kind = 'nps' and waved.score < 7 then 'dislike'
            when waved.kind = 'nps' then 'neutral'
            when waved.score >= waved.hi - 1 then 'like'
            when waved.score <= waved.lo + 1 then 'dislike'
            else 'neutral'
        end as opinion,
        case
            when waved.is_outside then
                'score ' || {{ funnelkit.number_text('waved.score') }} || ' outside ' || {{ funnelkit.number_text('waved.lo') }} || ' to ' || {{ funnelkit.number_text('waved.hi') }}
        end as problem,
        waved.submitted_at
    from waved
    left join {{ ref('dim_users') }} as users on waved.user_key = users.user_key

)

select * from final
