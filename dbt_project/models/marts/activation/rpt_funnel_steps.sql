with

entity_values as (

    select p, attempt, '(all)' as breakdown, '(all)' as value
    from {{ ref('int_funnel_journeys') }}
    union all
    select entities.p, breakdowns.attempt, breakdowns.breakdown, breakdowns.value
    from {{ ref('fct_funnel_breakdowns') }} as breakdowns
    inner join {{ ref('int_funnel_entities') }} as entities
        on breakdowns.funnel = entities.funnel and breakdowns.entity_id = entities.entity_id

),

counts as (

    select * from (
        {{ funnelkit.funnel_step_counts(
            ref('int_funnel_journeys'), ref('int_funnel_chain_rows'), ref('dim_funnels'),
            ref('dim_funnel_steps'), 'entity_values', ['breakdown', 'value'], total=true
        ) }}
    ) as step_counts

),

steps as (

    select * from {{ ref('dim_funnel_steps') }}

),

final as (

    select
        steps.funnel,
        counts.breakdown,
        counts.value,
        counts.step,
        steps.step_name,
        counts.entered,
        counts.reached,
        counts.open,
        counts.lost,
        counts.matured,
        counts.matured_reached,
        counts.p25_us,
        counts.median_us,
        counts.p75_us,
        counts.p90_us,
        counts.clusters,
        counts.sum_x2,
        counts.sum_xm,
        counts.sum_m2,
        counts.sum_xprev,
        counts.sum_prev2,
        steps.is_optional,
        steps.previous_step
    from counts
    inner join steps on counts.funnel_no = steps.funnel_no and counts.step = steps.step

)

select * from final
