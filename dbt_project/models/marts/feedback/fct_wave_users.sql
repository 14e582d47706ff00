{{ config(enabled=funnelkit.declares('say')) }}
{%- set plan = fromjson(funnelkit.project_say_plan()) -%}
{%- set settings = funnelkit.settings() -%}
{%- set days_28 = 28 * 86400000000 -%}

-- Everybody who could have answered in a wave: named 28 days before its reference_at, with what they did
-- in these. A project that declares neither features nor feedback asks nobody.
with

waves as (

    select wave_no, wave, reference_at, {{ funnelkit.epoch_us('reference_at') }} as reference_us
    from {{ ref('dim_waves') }}
    where {{ 'true' if plan.declared else 'false' }} and {{ funnelkit.epoch_us('reference_at') }} <= {{ funnelkit.observed_us() }}

),

eligible as (

    select
        waves.*,
        users.user_key,
        users.user_id,
        users.account_id,
        users.customer_id,
        {{ funnelkit.whole_days('waves.reference_us - users.known_us') }} as tenure_days
    from waves
    inner join {{ ref('int_customers') }} as users on users.known_us <= waves.reference_us - {{ days_28 }}

),

-- By day first, since a log is long and waves overlap.
active as (

    select
        user_key,
        cast({{ funnelkit.local_time('occurred_at', settings.timezone) }} as date) as active_on,
        {{ funnelkit.epoch_us('min(occurred_at)') }} as first_us,
        {{ funnelkit.epoch_us('max(occurred_at)') }} as last_us
    from {{ ref('fct_events') }}
    where {{ funnelkit.epoch_us('occurred_at') }} >= (select min(reference_us) - {{ days_28 }} from waves)
        and {{ funnelkit.epoch_us('occurred_at') }} < (select max(reference_us) from waves)
    group by user_key, cast({{ funnelkit.local_time('occurred_at', settings.timezone) }} as date)

),

activity as (

    select waves.wave_no, active.user_key, count(*) as active_days
    from active
    inner join waves on active.first_us < waves.reference_us and active.last_us >= waves.reference_us - {{ days_28 }}
    group by waves.wave_no, active.user_key

),

customers as (

    select distinct wave_no, customer_id, reference_at as asked_at
    from eligible

),

revenue as (
    {{ funnelkit.customer_revenue('customers') }}

),

reached as (
    {% if plan.weights.aha %}
    select entity_key as user_key, min({{ funnelkit.epoch_us('entry_at') }} + reached_us) as reached_us
    from {{ ref('fct_aha_moments') }}
    where aha = {{ funnelkit.sql_text(plan.weights.aha) }} and is_reached
    group by entity_key
    {%- else %}
    select user_key, cast(null as bigint) as reached_us from eligible where false
    {%- endif %}

)

select
    eligible.wave_no,
    eligible.wave,
    eligible.user_key,
    eligible.user_id,
    eligible.account_id,
    eligible.customer_id,
    eligible.tenure_days,
    coalesce(activity.active_days, 0) as active_days,
    {{ 'coalesce(reached.reached_us < eligible.reference_us, false)' if plan.weights.aha else 'cast(null as boolean)' }} as aha_reached,
    revenue.revenue_cents
from eligible
left join activity on eligible.wave_no = activity.wave_no and eligible.user_key = activity.user_key
left join revenue on eligible.wave_no = revenue.wave_no and eligible.customer_id = revenue.customer_id
left join reached on eligible.user_key = reached.user_key
