-- The time-to-convert curve's counts.
with

counts as (

    select * from (
        {{ funnelkit.funnel_times(ref('int_funnel_journeys'), ref('dim_funnels'), funnelkit.observed_us()) }}
    ) as times

),

final as (

    select
        funnels.funnel,
        counts.elapsed_us,
        counts.converted,
        counts.censored
    from counts
    inner join {{ ref('dim_funnels') }} as funnels on counts.funnel_no = funnels.funnel_no

)

select * from final
