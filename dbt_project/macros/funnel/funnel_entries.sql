{#- Numbers of the funnels with the given entry rule, as an SQL list; -1 stands for none. -#}
{% macro funnels_with_entry(specs_json, rule) -%}
    (-1{% for spec in fromjson(specs_json) if spec.entry == rule %}, {{ spec.no }}{% endfor %})
{%- endmacro %}

{#- The rows that may open a chain in a run: p, pos, us.
    `all`: the first entry, or under `entry: best` every entry. `mature` and `first` are further
    runs for `best` alone: over the entries whose window has closed, and over the first entry (for
    the time-to-convert curve); under `first` the run `all` holds both.
    `observed_us`: SQL for observed_until in microseconds. -#}
{% macro funnel_entries(run, rows, specs_json, observed_us) -%}
    {%- set best = funnels_with_entry(specs_json, 'best') -%}
    {%- if run == 'all' %}
select p, pos, us from {{ rows }}
where mask & 1 <> 0 and {{ funnel_of('p') }} in {{ best }}
union all
select p, min(pos) as pos, min(us) as us from {{ rows }}
where mask & 1 <> 0 and {{ funnel_of('p') }} not in {{ best }}
group by p
    {%- elif run == 'mature' %}
select p, pos, us from {{ rows }}
where mask & 1 <> 0 and {{ funnel_of('p') }} in {{ best }} and us <= {{ observed_us }} - w
    {%- else %}
select p, min(pos) as pos, min(us) as us from {{ rows }}
where mask & 1 <> 0 and {{ funnel_of('p') }} in {{ best }}
group by p
    {%- endif %}
{%- endmacro %}
