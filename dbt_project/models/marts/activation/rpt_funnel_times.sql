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
        journeys.first_converted_us is not null as is_converted,
        coalesce(
            journeys.first_converted_us,
            greatest(0, least(funnels.window_us, {{ funnelkit.observed_us() }} - journeys.first_entry_us))
        ) as elapsed_us
    from journeys
    inner join funnels on journeys.funnel_no = funnels.funnel_no

),

final as (

    select
        funnel,
        elapsed_us,
        cast(count_if(is_converted) as bigint) as converted,
        cast(count_if(not is_converted) as bigint) as censored
    from clocks
    group by funnel, elapsed_us

)

select * from final
