{{ config(
    materialized='grown', follows='all', after=['int_funnel_chain_rows', 'int_touched_users', 'int_touched_values'],
    pre_hook='{{ funnelkit.keep_journeys() }}', post_hook='{{ funnelkit.restate_journeys() }}'
) }}
{%- set specs = funnelkit.project_funnels() -%}

-- What became of every unit that entered, by key: made of all chains each time, since what is open
-- or mature changes with the time observed.
-- depends_on:{% if not execute %} {{ ref('int_touched_users') }} {{ ref('int_touched_values') }}{% endif %} what the macros read
with

units as (

    select * from (
        {{ funnelkit.funnel_units(
            ref('int_funnel_rows'), ref('int_funnel_chains'), ref('int_funnel_chain_rows'), specs
        ) }}
    ) as outcomes

)

select * from (
    {{ funnelkit.funnel_journeys(
        'units', ref('int_funnel_rows'), ref('int_funnel_chains'), ref('dim_funnels'), specs, funnelkit.observed_us()
    ) }}
) as journeys
