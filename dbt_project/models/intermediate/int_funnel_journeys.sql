{%- set specs = funnelkit.project_funnels() -%}

-- What became of every unit that entered, by key.
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
