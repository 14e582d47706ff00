{#- The rows that may open a chain in a run: p, pos, us.
    `all`: the first entry of each lane, or under `entry: best` every entry; `mature`: those of them
    whose window has closed; `first`: the entity's very first entry, from which the curve is
    measured; `free`: as `all`. Which funnels have which runs: funnel_runs.
    `observed_us`: SQL for observed_until in microseconds; `since_us`, `until_us`: the range that an
    entry lies in (until is not part of it), or none. -#}
{% macro funnel_entries(run, rows, specs_json, observed_us, since_us=none, until_us=none) -%}
    {%- set specs = fromjson(specs_json) -%}
    {%- if run == 'free' -%}
        {%- set specs = fromjson(specs_with_leavers(specs_json)) -%}
    {%- elif run != 'all' -%}
        {%- set specs = fromjson(specs_with_runs(specs_json)) -%}
    {%- endif -%}
    {%- set best = specs | selectattr('entry', 'equalto', 'best') | list -%}
    {%- set first = specs | selectattr('entry', 'equalto', 'first') | list -%}
    {%- if run == 'first' -%}
        {%- set best = [] -%}
        {%- set first = specs -%}
    {%- endif -%}
    {%- set windowed = specs | rejectattr('window_us', 'none') | list -%}
    {%- if best %}
select p, pos, us from {{ rows }}
where {{ entry_condition(tojson(best), specs_json, since_us, until_us) }}
    {%- if run == 'mature' %} and {{ funnel_of('p') }} in {{ funnel_list(tojson(windowed)) }} and us <= {{ observed_us }} - {{ funnel_window(tojson(windowed), 'p') }}{% endif %}
    {%- endif %}
    {{- '\nunion all\n' if best and first }}
    {%- if first %}
        {%- set whose = entity_of(specs_json, 'p') if run == 'first' else 'p' %}
select {{ 'p' if whose == 'p' else 'min_by(p, pos) as p' }}, min(pos) as pos, min(us) as us from {{ rows }}
where {{ entry_condition(tojson(first), specs_json, since_us, until_us) }}
group by {{ whose }}
    {%- if run == 'mature' %}
having {{ funnel_of('min(p)') }} in {{ funnel_list(tojson(windowed)) }} and min(us) <= {{ observed_us }} - {{ funnel_window(tojson(windowed), 'min(p)') }}
    {%- endif %}
    {%- endif %}
    {%- if not specs %}
select p, pos, us from {{ rows }} where false
    {%- endif %}
{%- endmacro %}

{#- Whether a row is an entry of one of `chosen`, in the range asked for: a row of step 1, in
    `order: any` of any step unless it is anchored. -#}
{% macro entry_condition(chosen_json, specs_json, since_us=none, until_us=none) -%}
    {%- set anywhere = [] -%}
    {%- set at_step_one = [] -%}
    {%- for spec in fromjson(chosen_json) -%}
        {%- do (anywhere if spec.order == 'any' and not spec.anchor_first else at_step_one).append(spec) -%}
    {%- endfor -%}
    {%- set conditions = [] -%}
    {%- if not anywhere -%}
        {%- do conditions.append('mask & 1 <> 0') -%}
    {%- elif not at_step_one -%}
        {%- do conditions.append('mask <> 0') -%}
    {%- else -%}
        {%- do conditions.append('(mask & 1 <> 0 or mask <> 0 and ' ~ funnel_of('p') ~ ' in ' ~ funnel_list(tojson(anywhere)) ~ ')') -%}
    {%- endif -%}
    {%- if fromjson(chosen_json) | length < fromjson(specs_json) | length -%}
        {%- do conditions.append(funnel_of('p') ~ ' in ' ~ funnel_list(chosen_json)) -%}
    {%- endif -%}
    {%- if since_us is not none -%}{%- do conditions.append('us >= ' ~ since_us) -%}{%- endif -%}
    {%- if until_us is not none -%}{%- do conditions.append('us < ' ~ until_us) -%}{%- endif -%}
    {{- conditions | join(' and ') -}}
{%- endmacro %}
