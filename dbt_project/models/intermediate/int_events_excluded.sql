{{ config(materialized='grown', follows='users', after=['stg_raw__events', 'int_touched_users', 'int_events_duplicates']) }}
{%- set rules = funnelkit.settings().quality -%}

-- Accepted rows that are left out of the event log by a rule: bots, test users, near duplicates.
with

events as (

    select
        events.row_no,
        {{ funnelkit.event_identity('events') }} as event_id,
        events.event_name,
        events.properties,
        events.occurred_at,
        events.excluded_by as event_excluded_by,
        identities.user_key,
        users.excluded_by as user_excluded_by
    from {{ ref('stg_raw__events') }} as events
    inner join {{ ref('int_identities') }} as identities on events.logged_id = identities.logged_id
    inner join {{ ref('int_users') }} as users on identities.user_key = users.user_key
    where events.reject_reason is null
        and not exists (select 1 from {{ ref('int_events_duplicates') }} as gone where gone.row_no = events.row_no)
        {%- if funnelkit.grows() %}
        and identities.user_key in ({{ funnelkit.touched_users() }})
        {%- endif %}
        {%- if not rules.exclude and rules.near_duplicates_us is none %}
        and false
        {%- endif %}

),

excluded as (

    select row_no, event_id, user_key, 'excluded' as outcome, coalesce(user_excluded_by, event_excluded_by) as reason
    from events
    where user_excluded_by is not null or event_excluded_by is not null

),
{% if rules.near_duplicates_us is not none %}
timed as (

    select
        row_no,
        event_id,
        user_key,
        {{ funnelkit.epoch_us('occurred_at') }} - lag({{ funnelkit.epoch_us('occurred_at') }}) over (
            partition by user_key, event_name, properties order by occurred_at, event_id
        ) as since_us
    from events
    where user_excluded_by is null and event_excluded_by is null

),
{% endif %}
final as (

    select * from excluded
    {%- if rules.near_duplicates_us is not none %}
    union all
    select row_no, event_id, user_key, 'duplicate' as outcome, 'near duplicate' as reason
    from timed
    where since_us <= {{ rules.near_duplicates_us }}
    {%- endif %}

)

select * from final
