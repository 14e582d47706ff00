{#- The kernel. Reported chains, one a unit (entity, or attempt under `count: entries`): p (lane 0),
    attempt (position of its entry, else 0), lane_p (p with the lane of the chain), depth (required
    steps reached, or distinct steps under `order: any`), last_pos, open_until_us (a step deeper could
    still come before then; null if none can), r1..rK (the position of the row that fills each
    required step, null past the depth; under `any` that of each step, null where there is none).
    `entries`: relation of the rows that may open a chain (p, pos, us).
    The recurrence: a row of step k takes as predecessor the latest reachable row of step k-1
    before it and inherits that row's start; it is reachable if windows, order and exclusions hold
    against it. Starts and chains never fall along a step's reachable rows, so the latest
    predecessor dominates, and the reported chain is the plain minimum over the deepest level's
    reachable rows. A forward "earliest next row" ladder is wrong. -#}
{% macro funnel_chains(rows, entries, specs_json, free=false) -%}
    {%- set chained = [] -%}
    {%- set unordered = [] -%}
    {%- for spec in fromjson(specs_json) -%}
        {%- do (unordered if spec.order == 'any' else chained).append(spec) -%}
    {%- endfor -%}
    {%- set columns = longest_funnel_of(specs_json) | int -%}
    {%- if chained or not unordered -%}
        {%- set part = funnel_ladder(rows, entries, tojson(chained), columns, free) -%}
        {{- best_lanes(part, specs_json, columns) -}}
    {%- endif -%}
    {{- '\nunion all\n' if chained and unordered -}}
    {%- if unordered -%}
        {%- set part = funnel_sets(rows, entries, tojson(unordered), columns) -%}
        {{- best_lanes(part, specs_json, columns) -}}
    {%- endif -%}
{%- endmacro %}

{#- K of the longest funnel, optional steps included, at least 1. -#}
{% macro longest_funnel_of(specs_json) -%}
    {%- set ns = namespace(steps=1) -%}
    {%- for spec in fromjson(specs_json) -%}
        {%- set ns.steps = [ns.steps, spec.steps | length] | max -%}
    {%- endfor -%}
    {{- ns.steps -}}
{%- endmacro %}

{#- From one chain a lane to one an entity: the deepest, then the earliest last row, then the latest
    entry. Open as long as any lane is. -#}
{% macro best_lanes(chains, specs_json, columns) -%}
{%- set whole = entity_of(specs_json, 'p') -%}
{%- if whole == 'p' -%}
select
    p, attempt, p as lane_p, depth, last_pos, open_until_us,
    {% for j in range(1, columns + 1) %}r{{ j }}{{ ', ' if not loop.last }}{% endfor %}
from (
{{ chains }}
) as chains
{%- else -%}
select
    {{ whole }} as p, attempt, p as lane_p, depth, last_pos,
    max(open_until_us) over (partition by {{ whole }}, attempt) as open_until_us,
    {% for j in range(1, columns + 1) %}r{{ j }}{{ ', ' if not loop.last }}{% endfor %}
from (
{{ chains }}
) as chains
qualify row_number() over (
    partition by {{ whole }}, attempt order by depth desc, last_pos, entry_pos desc
) = 1
{%- endif -%}
{%- endmacro %}

{#- One chain a unit, in the columns of funnel_chains and entry_pos. Per engine: funnel_ladder_asof,
    funnel_ladder_windows. -#}
{% macro funnel_ladder(rows, entries, specs_json, columns, free) -%}
{{ adapter.dispatch('funnel_ladder', 'funnelkit')(rows, entries, specs_json, columns, free) }}
{%- endmacro %}

{#- The attempt that a chain belongs to: its entry's position under `count: entries`, else 0. -#}
{% macro attempt_of(specs_json, entry_pos='pos') -%}
    {%- set values = [] -%}
    {%- for spec in fromjson(specs_json) -%}
        {%- do values.append({'no': spec.no, 'value': entry_pos if spec.count == 'entries' else '0'}) -%}
    {%- endfor -%}
    {{- by_funnel(tojson(values), 'p') -}}
{%- endmacro %}

{#- When the windows of a chain that stands at a row close: `s` its start, `us` the row's time. Every
    funnel with a step window has a window. -#}
{% macro chain_closes(specs_json, s, us, p) -%}
{%- set specs = fromjson(specs_json) -%}
{%- set stepwise = specs | rejectattr('step_window_us', 'none') | list -%}
{%- set windowed = specs | rejectattr('window_us', 'none') | list -%}
{%- set whole = s ~ ' + ' ~ funnel_window(tojson(windowed), p) -%}
{%- set gap = us ~ ' + ' ~ by_funnel(funnel_option(tojson(stepwise), 'step_window_us', none), p) -%}
{%- if not stepwise -%}
    {{ whole }}
{%- elif stepwise | length == windowed | length -%}
    least({{ whole }}, {{ gap }})
{%- else -%}
    case when {{ funnel_of(p) }} in {{ funnel_list(tojson(stepwise)) }} then least({{ whole }}, {{ gap }}) else {{ whole }} end
{%- endif -%}
{%- endmacro %}
