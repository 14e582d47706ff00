{{ config(materialized='grown', follows='load', reads=[], after=['stg_raw__events']) }}

-- Which ids stand together in the log's rows, by load: all that identity and accounts are made from.
with

events as (

    select
        * except (account_id, previous_id),
        case when {{ funnelkit.matches('previous_id', "'^(user:)*anonymous:'") }} then 'user:' else '' end || previous_id as previous_id,
        -- A bot is in no account.
        case when excluded_by is null then account_id end as account_id,
        case when logged_id not like 'anonymous:%' then logged_id end as user_id
    from {{ ref('stg_raw__events') }}
    where reject_reason is null and load_no > {{ funnelkit.grown_since() }}

),

-- Most rows of most logs name one id: they are grouped by it alone.
final as (

    select
        load_no,
        logged_id,
        cast(null as string) as user_id,
        cast(null as string) as anonymous_id,
        cast(null as string) as previous_id,
        cast(null as string) as account_id,
        min(occurred_at) as first_seen_at,
        max(occurred_at) as last_seen_at,
        min(coalesce(received_at, occurred_at)) as first_told_at
    from events
    where (user_id is null or anonymous_id is null) and previous_id is null and account_id is null
    group by load_no, logged_id
    union all
    select
        load_no,
        logged_id,
        user_id,
        anonymous_id,
        previous_id,
        account_id,
        min(occurred_at) as first_seen_at,
        max(occurred_at) as last_seen_at,
        min(coalesce(received_at, occurred_at)) as first_told_at
    from events
    where user_id is not null and anonymous_id is not null or previous_id is not null or account_id is not null
    group by load_no, logged_id, user_id, anonymous_id, previous_id, account_id

)

select * from final
