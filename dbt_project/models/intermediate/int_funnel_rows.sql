{{ config(materialized='grown', follows='entities', after=['fct_events', 'int_touched_users', 'int_touched_values', 'int_entity_keys']) }}
{%- set specs = funnelkit.project_funnels() -%}
{%- set tied = fromjson(specs) | rejectattr('entity', 'equalto', 'user_id') | list | length > 0 -%}

-- Rows of every funnel in row order, in one pass: the kernel's input.
with

events as (

    {{ funnelkit.funnel_events() }}

),

matches as (

    {{ funnelkit.funnel_matches(specs, 'events', funnelkit.entity_keys(), tie='event_id' if tied else none) }}

),

rows as (

    {{ funnelkit.funnel_rows('matches', specs, tied) }}

)

select * from rows
{%- if funnelkit.grows() %}
where {{ funnelkit.entity_of(specs, 'p') }} in ({{ funnelkit.touched_entities() }})
{%- endif %}
