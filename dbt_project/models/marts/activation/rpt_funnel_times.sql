-- The time-to-convert curve's counts: entities that convert, or leave sight, after a time since
-- their first entry. Censored at the window's end or at observed_until, whichever comes first.
with

journeys as (

    select * from {{ ref('int_funnel_journeys') }}

),

funnels as (

    select * from {{ ref('dim_funnels') }}

),

clocks as (

    select
        funnels.funnel,
        journeys.first_converted_us,
        least(funnels.window_us, {{ funnelkit.observed_us() }} - journeys.first_entry_us) as seen_us
    from journeys
    inner join funnels on journeys.funnel_no = funnels.funnel_no

),

ends as (

    -- A conversion after observed_until was not seen yet: censored there, like everybody else.
    select
        funnel,
        coalesce(first_converted_us <= seen_us, false) as is_converted,
        case
            when first_converted_us <= seen_us then first_converted_us
            else greatest(0, seen_us)
        end as elapsed_us
    from clocks

),

final as (

    select
        funnel,
        elapsed_us,
        cast(count_if(is_converted) as bigint) as converted,
        cast(count_if(not is_converted) as bigint) as censored
    from ends
    group by funnel, elapsed_us

)

select * from final
