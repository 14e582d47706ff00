{#- The time-to-convert curve's counts: funnel_no, elapsed_us, converted, censored. Units that convert,
    or leave sight, after a time since their first entry: censored at the window's end or at
    observed_until, whichever comes first. -#}
{% macro funnel_times(journeys, funnels, observed_us) -%}
with

clocks as (

    select
        journeys.funnel_no,
        journeys.first_converted_us,
        least(funnels.window_us, {{ observed_us }} - journeys.first_entry_us) as seen_us
    from {{ journeys }} as journeys
    inner join {{ funnels }} as funnels on journeys.funnel_no = funnels.funnel_no

),

ends as (

    -- A conversion after observed_until was not seen yet: censored there, like everybody else.
    select
        funnel_no,
        coalesce(first_converted_us <= seen_us, false) as is_converted,
        case
            when first_converted_us <= seen_us then first_converted_us
            else greatest(0, seen_us)
        end as elapsed_us
    from clocks

)

select
    funnel_no,
    elapsed_us,
    cast(count_if(is_converted) as bigint) as converted,
    cast(count_if(not is_converted) as bigint) as censored
from ends
group by funnel_no, elapsed_us
{%- endmacro %}
