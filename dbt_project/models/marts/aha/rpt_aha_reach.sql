{{ config(enabled=funnelkit.declares('aha')) }}
-- Entrants by entry week and breakdown value: who reached the aha moment, who may still, who did not.
-- Everything sums over cohorts.
with

moments as (

    select * from {{ ref('fct_aha_moments') }}

),

breakdowns as (
    {% set ns = namespace(rows=0) -%}
    {%- for moment in fromjson(funnelkit.project_aha_plan()).moments %}
    {%- for breakdown in moment.breakdowns %}
    {{ 'union all' if ns.rows }}
    {%- set ns.rows = ns.rows + 1 %}
    select cast({{ moment.no }} as bigint) as aha_no, cast({{ moment.clock_no }} as bigint) as clock_no, {{ funnelkit.sql_text(breakdown) }} as breakdown
    {%- endfor %}
    {%- endfor %}
    {%- if not ns.rows %}
    select {{ funnelkit.no_values(['aha_no bigint', 'clock_no bigint', 'breakdown string']) }} where false
    {%- endif %}

),

valued as (

    select
        moments.*,
        cast(null as string) as breakdown,
        cast(null as string) as value
    from moments
    union all
    select
        moments.*,
        breakdowns.breakdown,
        known.value
    from moments
    inner join breakdowns on moments.aha_no = breakdowns.aha_no
    inner join {{ ref('int_entrant_values') }} as known
        on breakdowns.clock_no = known.clock_no
        and breakdowns.breakdown = known.breakdown
        and moments.entity_key = known.entity_key

)

select
    aha,
    breakdown,
    value,
    cast(count(*) as bigint) as entrants,
    cast(count_if(is_mature) as bigint) as matured,
    cast(count_if(is_mature and is_reached) as bigint) as matured_reached,
    cast(count_if(is_reached) as bigint) as reached,
    cast(count_if(not is_mature and not is_reached) as bigint) as open,
    cast(count_if(is_mature and not is_reached) as bigint) as not_reached,
    cohort
from valued
group by aha, cohort, breakdown, value
