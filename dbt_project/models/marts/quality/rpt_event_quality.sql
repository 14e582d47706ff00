{%- set has_account_funnels = fromjson(funnelkit.project_funnels()) | selectattr('entity', 'equalto', 'account_id') | list -%}

-- What became of every raw row: accepted, a duplicate, or rejected; and values given up in rows
-- that were kept. Duplicates are counted by themselves, so that
-- accepted + duplicate + rejected in staging = raw rows can fail.
with

events as (

    select * from {{ ref('fct_events') }}

),

rejects as (

    select * from {{ ref('raw_rejects') }}

),

accepted as (

    select 'events' as kind, count(*) as entries from events
    union all
    select 'users' as kind, count(*) as entries from {{ ref('int_user_rows') }}
    union all
    select 'feedback' as kind, count(*) as entries from {{ ref('fct_feedback') }}

),

duplicates as (

    select 'events' as kind, 'same event_id as another row' as reason, count(*) - count(distinct event_id) as entries
    from {{ ref('stg_raw__events') }}
    where reject_reason is null
    union all
    select 'users' as kind, 'same user_id and updated_at as another row' as reason, count(*) - count(distinct (user_id, valid_from)) as entries
    from {{ ref('stg_raw__users') }}
    where reject_reason is null
    union all
    select 'feedback' as kind, 'same response_id as another row' as reason, count(*) - count(distinct response_id) as entries
    from {{ ref('stg_raw__feedback') }}
    where reject_reason is null

),

untyped as (

    select 'events' as kind, unnest(string_split(untyped_values, ',')) as name
    from events
    where untyped_values <> ''
    union all
    select 'users' as kind, unnest(string_split(untyped_values, ',')) as name
    from {{ ref('int_user_rows') }}
    where untyped_values <> ''

),

final as (

    select kind, 'accepted' as outcome, kind as reason, entries
    from accepted
    union all
    select kind, 'duplicate' as outcome, reason, entries
    from duplicates
    union all
    select kind, 'rejected' as outcome, case when stage = 'load' then 'line cannot be parsed' else reason end as reason,
        count(*) as entries
    from rejects
    group by all
    union all
    select kind, 'kept' as outcome, name || ' does not fit its type' as reason, count(*) as entries
    from untyped
    group by all
    {%- if has_account_funnels %}
    union all
    select 'events' as kind, 'kept' as outcome, 'no account: not in funnels of accounts' as reason, count(*) as entries
    from events
    where account_key is null
    {%- endif %}

)

select kind, outcome, reason, cast(entries as bigint) as entries
from final
where entries > 0 or outcome = 'accepted' and kind = 'events'
