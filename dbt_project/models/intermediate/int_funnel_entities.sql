-- The id behind the key of every entity that entered a funnel.
with

journeys as (

    select distinct p, funnel_no, p - funnel_no * 72057594037927936 as entity_key
    from {{ ref('int_funnel_journeys') }}

),

funnels as (

    select funnel_no, funnel, entity from {{ ref('dim_funnels') }}

),

final as (

    select
        journeys.p,
        funnels.funnel_no,
        funnels.funnel,
        funnels.entity,
        {{ funnelkit.joined_entity_id() }} as entity_id
    from journeys
    inner join funnels on journeys.funnel_no = funnels.funnel_no
    {{ funnelkit.entity_id_joins('journeys.entity_key', 'funnels.entity') }}

)

select * from final
