{%- set settings = funnelkit.settings() -%}
{%- set timed_sessions = settings.session_idle_us is not none and 'session_id' not in settings.event_properties -%}

-- The event log: accepted, one row an event, typed, with the user resolved. Clustered by user and
-- time; event_no orders it by (user, occurred_at, event_id) and is not compared between builds.
with

events as (

    select * from {{ ref('int_events_resolved') }}

),

-- Of rows with one event_id the first received stays; the rest names every column, so that only
-- equal rows tie.
distinct_events as (

    select *
    from events
    qualify row_number() over (
        partition by event_id
        order by
            received_at nulls last, occurred_at, user_id, event_name, anonymous_id nulls last,
            account_id nulls last, properties nulls last
    ) = 1

),

users as (

    select user_id, account_id, user_key from {{ ref('dim_users') }}

),

accounts as (

    select account_id, account_key from {{ ref('dim_accounts') }}

),

keyed as (

    select
        distinct_events.*,
        coalesce(distinct_events.account_id, users.account_id) as resolved_account_id,
        users.user_key
    from distinct_events
    inner join users on distinct_events.user_id = users.user_id

),

{% if timed_sessions -%}
-- A session ends where its user is idle for longer than `sessions: idle`.
paused as (

    select
        event_id,
        user_key,
        occurred_at,
        case
            when {{ funnelkit.epoch_us('occurred_at') }} - lag({{ funnelkit.epoch_us('occurred_at') }}) over (
                partition by user_key order by occurred_at, event_id
            ) <= {{ settings.session_idle_us }} then 0
            else 1
        end as is_start
    from keyed

),

sessions as (

    select
        event_id,
        sum(is_start) over (
            partition by user_key order by occurred_at, event_id
            rows between unbounded preceding and current row
        ) as session_no
    from paused

),

{% endif -%}
final as (

    select
        keyed.user_key * 4294967296
        + row_number() over (
            partition by keyed.user_key order by keyed.occurred_at, keyed.event_id
        ) as event_no,
        keyed.event_id,
        keyed.user_id,
        keyed.user_key,
        keyed.resolved_account_id as account_id,
        accounts.account_key,
        {% if 'session_id' not in settings.event_properties -%}
        {{ "keyed.user_id || '/' || cast(sessions.session_no as varchar)" if timed_sessions else 'cast(null as varchar)' }} as session_id,
        {% endif -%}
        keyed.anonymous_id,
        keyed.event_name,
        keyed.properties,
        {% for name in settings.event_properties -%}
        keyed.{{ name }},
        {% endfor -%}
        keyed.untyped_values,
        keyed.occurred_at,
        keyed.received_at
    from keyed
    left join accounts on keyed.resolved_account_id = accounts.account_id
    {%- if timed_sessions %}
    inner join sessions on keyed.event_id = sessions.event_id
    {%- endif %}

)

select * from final
order by event_no
