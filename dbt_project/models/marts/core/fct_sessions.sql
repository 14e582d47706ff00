{%- set is_cut = funnelkit.is_cut_session('session_id') -%}
{{ config(materialized='grown', follows='user ids' if is_cut else 'all', after=['fct_events', 'int_touched_users', 'int_user_keys']) }}

-- Sessions: one row each, of the events that have one.
select
    session_id,
    min(user_id) as user_id,
    min(account_id) as account_id,
    count(*) as events,
    min(occurred_at) as started_at,
    max(occurred_at) as ended_at
from {{ ref('fct_events') }}
where session_id is not null
    {%- if is_cut and funnelkit.grows() %}
    and user_key in ({{ funnelkit.touched_users() }})
    {%- endif %}
group by session_id
-- depends_on:{% if not execute %} {{ ref('int_touched_users') }} {{ ref('int_user_keys') }}{% endif %} what the macros read
