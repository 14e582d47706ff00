{{ config(enabled=funnelkit.declares('aha')) }}
-- One value an entrant: in every entry week the values of a declared breakdown sum to all entrants.
with

declared as (
    {% set ns = namespace(rows=0) -%}
    {%- for moment in fromjson(funnelkit.project_aha_plan()).moments %}
    {%- for breakdown in moment.breakdowns %}
    {{ 'union all' if ns.rows }}
    {%- set ns.rows = ns.rows + 1 %}
    select {{ funnelkit.sql_text(moment.name) }} as aha, {{ funnelkit.sql_text(breakdown) }} as breakdown
    {%- endfor %}
    {%- endfor %}
    {%- if not ns.rows %}
    select cast(null as string) as aha, cast(null as string) as breakdown where false
    {%- endif %}

),

sums as (

    select
        aha, cohort, breakdown,
        sum(entrants) as entrants, sum(matured) as matured, sum(matured_reached) as matured_reached,
        sum(reached) as reached, sum(open) as open, sum(not_reached) as not_reached
    from {{ ref('rpt_aha_reach') }}
    group by aha, cohort, breakdown

)

select declared.aha, declared.breakdown, whole.cohort
from declared
inner join sums as whole on declared.aha = whole.aha and whole.breakdown is null
left join sums as parts
    on declared.aha = parts.aha and declared.breakdown = parts.breakdown and whole.cohort = parts.cohort
where parts.entrants is distinct from whole.entrants
    or parts.matured is distinct from whole.matured
    or parts.matured_reached is distinct from whole.matured_reached
    or parts.reached is distinct from whole.reached
    or parts.open is distinct from whole.open
    or parts.not_reached is distinct from whole.not_reached
