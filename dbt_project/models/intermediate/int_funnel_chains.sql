{{ config(materialized='grown', follows='entities', matured=true, after=['int_funnel_rows', 'int_touched_users', 'int_touched_values']) }}
{%- set specs = funnelkit.project_funnels() -%}

-- Reported chains of every unit that entered, by run; which runs there are, and why: funnel_runs.
with

touched_rows as {{ funnelkit.made_once() if funnelkit.grows() }}(

    {{ funnelkit.touched_funnel_rows() }}

)

{% for run in fromjson(funnelkit.funnel_runs(specs)) -%}
{{ 'union all' if not loop.first }}
select '{{ run }}' as run, * from (
    with entries as (
        {{ funnelkit.funnel_entries(run, 'touched_rows', specs, funnelkit.observed_us()) }}
    )
    select * from (
        {{ funnelkit.funnel_chains('touched_rows', 'entries', specs, free=run == 'free') }}
    ) as chains
) as run_{{ run }}
{% endfor %}
