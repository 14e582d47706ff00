{%- set specs = funnelkit.project_funnels() -%}
{%- set steps = funnelkit.longest_funnel() -%}

-- Reported chains of every entity that entered, by run: `all`; for `entry: best` also `mature`
-- (mature entries alone) and `first` (the first entry, for the time-to-convert curve).
{% for run in ['all', 'mature', 'first'] -%}
{{ 'union all' if not loop.first }}
select '{{ run }}' as run, * from (
    with entries as (
        {{ funnelkit.funnel_entries(run, ref('int_funnel_rows'), specs, funnelkit.observed_us()) }}
    )
    select * from (
        {{ funnelkit.funnel_chains(ref('int_funnel_rows'), 'entries', steps) }}
    ) as chains
) as run_{{ run }}
{% endfor %}
