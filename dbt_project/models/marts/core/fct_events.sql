{{ config(materialized='grown', follows='users', sorted='event_no', after=['stg_raw__events', 'int_touched_users', 'int_account_keys', 'int_events_excluded', 'int_events_duplicates']) }}
{%- set settings = funnelkit.settings() -%}
{%- set timed_sessions = settings.session_idle_us is not none and 'session_id' not in settings.event_properties -%}
{%- set may_exclude = settings.quality.exclude or settings.quality.near_duplicates_us is not none -%}

-- The event log: accepted, one row an event, typed, with the user resolved. Clustered by user and
-- time; event_no orders it by user, occurred_at and what identifies the event, and is not compared between builds.
with

identities as (

    select identities.logged_id, identities.user_key, identities.user_id, users.account_id
    from {{ ref('int_identities') }} as identities
    inner join {{ ref('int_users') }} as users on identities.user_key = users.user_key
    {%- if funnelkit.grows() %}
    where identities.user_key in ({{ funnelkit.touched_users() }})
    {%- endif %}

),

keyed as (

    select
        events.event_id,
        events.logged_id,
        identities.user_id,
        identities.user_key,
        coalesce(events.account_id, identities.account_id) as account_id,
        events.anonymous_id,
        events.event_name,
        events.properties,
        {% for name in settings.event_properties -%}
        events.{{ name }},
        {% endfor -%}
        events.untyped_values,
        events.is_skewed,
        events.occurred_at,
        events.received_at
    from {{ ref('stg_raw__events') }} as events
    inner join identities on events.logged_id = identities.logged_id
    where events.reject_reason is null
        and not exists (select 1 from {{ ref('int_events_duplicates') }} as gone where gone.row_no = events.row_no)
        {%- if may_exclude %}
        and not exists (select 1 from {{ ref('int_events_excluded') }} as gone where gone.row_no = events.row_no)
        {%- endif %}

),

numbered as (

    select
        *,
        {% if timed_sessions -%}
        -- A session ends where its user is idle for longer than `sessions: idle`.
        case
            when {{ funnelkit.epoch_us('occurred_at') }} - lag({{ funnelkit.epoch_us('occurred_at') }}) over (
                partition by user_key order by occurred_at, {{ funnelkit.event_identity_order('keyed') }}
            ) <= {{ settings.session_idle_us }} then 0
            else 1
        end as is_start,
        {% endif -%}
        user_key * 4294967296
        + row_number() over (partition by user_key order by occurred_at, {{ funnelkit.event_identity_order('keyed') }}) as event_no
    from keyed

),

final as (

    select
        numbered.event_no,
        {{ funnelkit.event_identity('numbered') }} as event_id,
        numbered.user_id,
        numbered.user_key,
        numbered.account_id,
        accounts.account_key,
        {% if timed_sessions -%}
        numbered.user_id || '/' || cast(sum(is_start) over (
            partition by numbered.user_key order by numbered.event_no
            rows between unbounded preceding and current row
        ) as string) as session_id,
        {% elif 'session_id' not in settings.event_properties -%}
        cast(null as string) as session_id,
        {% endif -%}
        numbered.anonymous_id,
        numbered.event_name,
        numbered.properties,
        {% for name in settings.event_properties -%}
        numbered.{{ name }},
        {% endfor -%}
        numbered.untyped_values,
        numbered.is_skewed,
        numbered.occurred_at,
        numbered.received_at
    from numbered
    left join {{ ref('int_account_keys') }} as accounts on numbered.account_id = accounts.account_id

)

select * from final
{{ funnelkit.in_order('event_no') }}
