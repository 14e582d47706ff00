{{ config(materialized='grown', follows='entities', matured=true, after=['int_funnel_rows', 'int_funnel_chains', 'int_touched_users', 'int_touched_values']) }}
{%- set specs = funnelkit.project_funnels() -%}

-- The rows of every reported chain, by run and step.
-- depends_on:{% if not execute %} {{ ref('int_observed_until') }}{% endif %} what the macros read
with

touched_rows as {{ funnelkit.made_once() if funnelkit.grows() }}(

    {{ funnelkit.touched_funnel_rows() }}

),

touched_chains as (

    select * from {{ ref('int_funnel_chains') }}
    {%- if funnelkit.grows() %}
    where p in ({{ funnelkit.touched_entities(matured=true) }})
    {%- endif %}

)

select * from (
    {{ funnelkit.funnel_chain_rows('touched_chains', 'touched_rows', specs) }}
) as chain_rows
