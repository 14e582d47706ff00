{{ config(enabled=funnelkit.declares('aha')) }}
{%- set plan = fromjson(funnelkit.project_aha_plan()) -%}
{%- set all_specs = fromjson(funnelkit.project_funnels()) -%}

-- How far every entrant was in its funnel when the window of the aha moment closed, or so far: the
-- kernel again, on the rows until then. The whole journey's chain may go by later rows.
{% for moment in plan.moments if moment.funnel is not none -%}
{%- set spec = all_specs[plan.clocks[moment.clock_no].funnel_no] -%}
{%- set specs = tojson([spec]) -%}
{{ 'union all' if not loop.first }}
select * from (
    with

    aha_rows as (

        select * from {{ ref('int_aha_rows') }} where aha_no = {{ moment.no }}

    ),

    aha_entries as (

        {{ funnelkit.funnel_entries('all', 'aha_rows', specs, funnelkit.observed_us()) }}

    ),

    aha_chains as (

        select * from (
            {{ funnelkit.funnel_chains('aha_rows', 'aha_entries', specs) }}
        ) as found

    )

    select
        cast({{ moment.no }} as bigint) as aha_no,
        chains.p - {{ spec.no * 72057594037927936 }} as entity_key,
        {% if spec.order == 'any' -%}
        chains.depth as step,
        {%- else -%}
        cast(case chains.depth{% for step in spec.steps if not step.optional %} when {{ step.rank }} then {{ step.no }}{% endfor %} end as bigint) as step,
        {%- endif %}
        last_rows.us
    from aha_chains as chains
    inner join aha_rows as last_rows on chains.lane_p = last_rows.p and chains.last_pos = last_rows.pos
    -- Where every entry counts, the attempt that got furthest first.
    qualify row_number() over (partition by chains.p order by chains.depth desc, last_rows.us, chains.attempt) = 1
) as moment_{{ moment.no }}
{% else -%}
select aha_no, p as entity_key, pos as step, us
from {{ ref('int_aha_rows') }}
where false
{% endfor %}
