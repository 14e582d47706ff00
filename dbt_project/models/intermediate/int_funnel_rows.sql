-- Rows of every funnel in row order, in one pass: the kernel's input.
with

matches as (

    {{ funnelkit.funnel_matches(funnelkit.project_funnels(), ref('fct_events'), funnelkit.entity_keys()) }}

)

{{ funnelkit.funnel_rows('matches') }}
