{%- set timezone = funnelkit.settings().timezone -%}

-- Cohorts by first entry, on the project's calendar; each entity counts in one period a grain.
with

periods as (

    {{ funnelkit.funnel_periods(ref('int_funnel_journeys'), timezone) }}

),

counts as (

    select * from (
        {{ funnelkit.funnel_step_counts(
            ref('int_funnel_journeys'), ref('int_funnel_chain_rows'), ref('dim_funnels'),
            ref('dim_funnel_steps'), 'periods', ['grain', 'period']
        ) }}
    ) as step_counts

),

steps as (

    select * from {{ ref('dim_funnel_steps') }}

),

final as (

    select
        steps.funnel,
        counts.grain,
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
        steps.previous_step,
        counts.period
    from counts
    inner join steps on counts.funnel_no = steps.funnel_no and counts.step = steps.step

)

select * from final
