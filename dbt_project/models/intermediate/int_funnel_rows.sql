{%- set specs = funnelkit.project_funnels() -%}

-- Rows of every funnel in row order, in one pass: the kernel's input.
with

events as (

    {{ funnelkit.funnel_events() }}

),

matches as (

    {{ funnelkit.funnel_matches(specs, 'events', funnelkit.entity_keys()) }}

)

{{ funnelkit.funnel_rows('matches', specs) }}
