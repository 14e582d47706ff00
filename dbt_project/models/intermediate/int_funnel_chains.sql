{%- set specs = funnelkit.project_funnels() -%}

-- Reported chains of every unit that entered, by run; which runs there are, and why: funnel_runs.
{% for run in fromjson(funnelkit.funnel_runs(specs)) -%}
{{ 'union all' if not loop.first }}
select '{{ run }}' as run, * from (
    with entries as (
        {{ funnelkit.funnel_entries(run, ref('int_funnel_rows'), specs, funnelkit.observed_us()) }}
    )
    select * from (
        {{ funnelkit.funnel_chains(ref('int_funnel_rows'), 'entries', specs, free=run == 'free') }}
    ) as chains
) as run_{{ run }}
{% endfor %}
