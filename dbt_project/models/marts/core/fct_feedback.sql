-- What customers said: one row a response; of users that a rule excludes nothing.
with

feedback as (

    select
        feedback.* exclude (user_id),
        coalesce(identities.user_id, feedback.user_id) as user_id
    from {{ ref('stg_raw__feedback') }} as feedback
    left join {{ ref('int_identities') }} as identities on {{ funnelkit.logged_id('feedback.user_id', 'null') }} = identities.logged_id
    left join {{ ref('int_users') }} as users on identities.user_key = users.user_key
    where feedback.reject_reason is null and users.excluded_by is null

),

final as (

    select
        response_id,
        user_id,
        source,
        question,
        kind,
        feature,
        text,
        language,
        score,
        submitted_at
    from feedback
    qualify row_number() over (
        partition by response_id
        order by
            submitted_at, user_id nulls last, source nulls last, question nulls last, kind nulls last,
            feature nulls last, score nulls last, text nulls last, language nulls last
    ) = 1

)

select * from final
