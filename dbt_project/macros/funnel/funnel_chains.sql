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

{#- Reachable rows z1..zK (p, pos, us, s: start, attempt, r1..rk) as CTEs, and from them the chains. -#}
{% macro funnel_ladder(rows, entries, specs_json, columns, free) -%}
{{ adapter.dispatch('funnel_ladder', 'funnelkit')(rows, entries, specs_json, columns, free) }}
{%- endmacro %}

{#- DuckDB: one ASOF join a step, and one more where an exclusion acts. -#}
{% macro duckdb__funnel_ladder(rows, entries, specs_json, columns, free) -%}
{%- set steps = chain_steps(specs_json) | int -%}
{%- set before = latest_before(specs_json) -%}
{%- set with_attempts = fromjson(specs_json) | selectattr('count', 'equalto', 'entries') | list -%}
with

z1 as materialized (
    select p, pos, us, us as s{% if with_attempts %}, {{ attempt_of(specs_json) }} as attempt{% endif %}, pos as r1
    from {{ entries }}
    where {{ funnel_of('p') }} in {{ funnel_list(specs_json) }}
),

{% for k in range(2, steps + 1) -%}
{%- set blocks = excludes(specs_json, k, free) -%}
z{{ k }} as materialized (
    select
        b.p, b.pos, b.us, a.s,{{ ' a.attempt,' if with_attempts }}
        {% for j in range(1, k) %}a.r{{ j }}, {% endfor %}b.pos as r{{ k }}
    from (
        select p, pos, us{% if before != 'pos - 1' %}, {{ before }} as latest{% endif %} from {{ rows }}
        where {{ fills(specs_json, k, free) }}
    ) as b
    asof join z{{ k - 1 }} as a on a.p = b.p and {{ 'a.pos < b.pos' if before == 'pos - 1' else 'a.pos <= b.latest' }}
    {%- if blocks %}
    asof left join (select p, pos from {{ rows }} where {{ blocks }}) as x on x.p = b.p and x.pos < b.pos
    {%- endif %}
    where {{ follows(specs_json, 'b.us - a.s', 'b.us - a.us', 'a.pos', 'b.pos', 'b.p') }}
    {%- if blocks %} and a.pos >= coalesce(x.pos, 0){% endif %}
),

{% endfor -%}
{{ deepest_chains(rows, specs_json, columns, free) }}
{%- endmacro %}

{#- Any engine: a layer of window functions a step. The latest reachable row of step k-1 is the
    running maximum of its columns, since none of them ever falls. -#}
{% macro default__funnel_ladder(rows, entries, specs_json, columns, free) -%}
{%- set steps = chain_steps(specs_json) | int -%}
{%- set with_attempts = fromjson(specs_json) | selectattr('count', 'equalto', 'entries') | list -%}
with

y1 as (
    select
        rows.p, rows.pos, rows.tie, rows.us, rows.mask, rows.xmask,
        case when entries.p is not null then rows.us end as s1,
        case when entries.p is not null then rows.us end as u1,
        case when entries.p is not null then rows.pos end as r1
    from {{ rows }} as rows
    left join {{ entries }} as entries on rows.p = entries.p and rows.pos = entries.pos
    where {{ funnel_of('rows.p') }} in {{ funnel_list(specs_json) }}
),

{% for k in range(2, steps + 1) -%}
{%- set blocks = excludes(specs_json, k, free) -%}
x{{ k }} as (
    select
        *,
        {{ latest_reachable(specs_json, 's' ~ (k - 1)) }} as s,
        {{ latest_reachable(specs_json, 'u' ~ (k - 1)) }} as u,
        {% if blocks -%}
        max(case when {{ blocks }} then pos end) over before as x,
        {% endif -%}
        {% for j in range(1, k) -%}
        {{ latest_reachable(specs_json, chain_column(k - 1, j)) }} as b{{ j }}{{ ',' if not loop.last }}
        {% endfor %}
    from y{{ k - 1 }}
    window
        before as (partition by p order by pos rows between unbounded preceding and 1 preceding),
        upto as (partition by p order by pos rows between unbounded preceding and current row),
        earlier as (partition by p order by us range between unbounded preceding and 1 preceding)
),

y{{ k }} as (
    select
        p, pos, tie, us, mask, xmask,
        {%- for i in range(1, k) %}
        s{{ i }}, u{{ i }}, {% for j in range(1, i + 1) %}{{ chain_column(i, j) }}, {% endfor %}
        {%- endfor %}
        {%- set reached -%}
        {{ fills(specs_json, k, free) }} and b1 is not null and {{ follows(specs_json, 'us - s', 'us - u', 'b' ~ (k - 1), 'pos', 'p') }}
        {%- if blocks %} and b{{ k - 1 }} >= coalesce(x, 0){% endif %}
        {%- endset %}
        case when {{ reached }} then s end as s{{ k }},
        case when {{ reached }} then us end as u{{ k }},
        {% for j in range(1, k) -%}
        case when {{ reached }} then b{{ j }} end as {{ chain_column(k, j) }},
        {% endfor -%}
        case when {{ reached }} then pos end as {{ chain_column(k, k) }}
    from x{{ k }}
),

{% endfor -%}
{% for k in range(1, steps + 1) -%}
z{{ k }} as (
    select
        p, pos, us, s{{ k }} as s,
        {%- if with_attempts %} {{ attempt_of(specs_json, chain_column(k, 1)) }} as attempt,{% endif %}
        {% for j in range(1, k + 1) %}{{ chain_column(k, j) }} as r{{ j }}{{ ', ' if not loop.last }}{% endfor %}
    from y{{ steps }}
    where s{{ k }} is not null
),

{% endfor -%}
{{ deepest_chains(rows, specs_json, columns, free) }}
{%- endmacro %}

{#- Row j of the chains that end at step k, as a column of the window layers. -#}
{% macro chain_column(k, j) -%}
    {{ 'r1' if k == 1 else 'r' ~ k ~ '_' ~ j }}
{%- endmacro %}

{#- A column of the latest reachable row that may precede this one; see latest_before. -#}
{% macro latest_reachable(specs_json, column) -%}
    {%- set values = [] -%}
    {%- for spec in fromjson(specs_json) -%}
        {%- set frame = 'earlier' if spec.strict_increase else 'upto' if spec.row_reuse else 'before' -%}
        {%- do values.append({'no': spec.no, 'value': 'max(' ~ column ~ ') over ' ~ frame}) -%}
    {%- endfor -%}
    {{- by_funnel(tojson(values), 'p') if values else 'max(' ~ column ~ ') over before' -}}
{%- endmacro %}

{#- The attempt that a chain belongs to: its entry's position under `count: entries`, else 0. -#}
{% macro attempt_of(specs_json, entry_pos='pos') -%}
    {%- set values = [] -%}
    {%- for spec in fromjson(specs_json) -%}
        {%- do values.append({'no': spec.no, 'value': entry_pos if spec.count == 'entries' else '0'}) -%}
    {%- endfor -%}
    {{- by_funnel(tojson(values), 'p') -}}
{%- endmacro %}

{#- From the reachable rows z1..zK to one chain a unit: the minimum over its deepest level. -#}
{% macro deepest_chains(rows, specs_json, columns, free) -%}
{%- set steps = chain_steps(specs_json) | int -%}
{%- set with_attempts = fromjson(specs_json) | selectattr('count', 'equalto', 'entries') | list -%}
{%- set unit = ['p', 'attempt'] if with_attempts else ['p'] -%}
{% for k in range(1, steps + 1) -%}
m{{ k }} as (
    select {{ unit | join(', ') }}, {% for j in range(1, k + 1) %}min(r{{ j }}) as r{{ j }}{{ ', ' if not loop.last }}{% endfor %}
    from z{{ k }}
    group by {{ unit | join(', ') }}
),

{% endfor -%}
open_until as (
{{ open_until(rows, specs_json, free) }}
)

select
    m1.p,
    {{ 'm1.attempt' if with_attempts else 'cast(0 as bigint)' }} as attempt,
    cast(1
    {%- for k in range(2, steps + 1) %} + case when m{{ k }}.p is not null then 1 else 0 end{% endfor %} as bigint) as depth,
    coalesce({% for k in range(steps, 0, -1) %}m{{ k }}.r{{ k }}{{ ', ' if not loop.last }}{% endfor %}) as last_pos,
    open_until.open_until_us,
    coalesce({% for k in range(steps, 0, -1) %}m{{ k }}.r1{{ ', ' if not loop.last }}{% endfor %}) as entry_pos,
    {% for j in range(1, columns + 1) -%}
    {% if j <= steps -%}
    coalesce({% for k in range(steps, j - 1, -1) %}m{{ k }}.r{{ j }}, {% endfor %}null) as r{{ j }}
    {%- else -%}
    cast(null as bigint) as r{{ j }}
    {%- endif %}{{ ',' if not loop.last }}
    {% endfor -%}
from m1
{% for k in range(2, steps + 1) -%}
left join m{{ k }} on m1.p = m{{ k }}.p{{ ' and m1.attempt = m' ~ k ~ '.attempt' if with_attempts }}
{% endfor -%}
left join open_until on m1.p = open_until.p{{ ' and m1.attempt = open_until.attempt' if with_attempts }}
{%- endmacro %}

{#- Until when a row could still come that takes a unit a step deeper: p (and attempt), open_until_us.
    The last reachable row of a step has the latest start, position and time of them all, so it
    alone has to be asked: is its window open, and has nothing come after it that forbids a next row
    (an exclusion, under `strict` any event)? Where neither these nor step windows nor attempts
    exist, the entries tell. -#}
{% macro open_until(rows, specs_json, free) -%}
{%- set specs = fromjson(specs_json) -%}
{%- set steps = chain_steps(specs_json) | int -%}
{%- set with_attempts = specs | selectattr('count', 'equalto', 'entries') | list -%}
{%- set strict = specs | selectattr('order', 'equalto', 'strict') | list -%}
{%- set stepwise = specs | rejectattr('step_window_us', 'none') | list -%}
{%- set plain = not (with_attempts or strict or stepwise or specs | selectattr('exclude') | list) -%}
{%- set windowed = specs | rejectattr('window_us', 'none') | list -%}
{%- set window = funnel_window(tojson(windowed), 'tail.p') -%}
{%- set gap = by_funnel(funnel_option(tojson(stepwise), 'step_window_us', none), 'tail.p') -%}
    select tail.p, {{ 'tail.attempt, ' if with_attempts }}max(
        {%- if not stepwise -%}
        tail.s + {{ window }}
        {%- elif stepwise | length == windowed | length -%}
        least(tail.s + {{ window }}, tail.us + {{ gap }})
        {%- else -%}
        case when {{ funnel_of('tail.p') }} in {{ funnel_list(tojson(stepwise)) }}
            then least(tail.s + {{ window }}, tail.us + {{ gap }}) else tail.s + {{ window }} end
        {%- endif -%}
    ) as open_until_us
    from (
    {%- for k in range(1, 2 if plain else [steps, 2] | max) %}
        {{ 'union all' if not loop.first }}
        select
            {{ k }} as k, p, max(pos) as pos, max(us) as us, max(s) as s{% if with_attempts %}, max(attempt) as attempt{% endif %}
        from z{{ k }}
        group by p
    {%- endfor %}
    ) as tail
    {%- if strict %}
    inner join (
        select {{ entity_of(specs_json, 'p') }} as entity_p, max(pos) as pos from {{ rows }} group by entity_p
    ) as final on {{ entity_of(specs_json, 'tail.p') }} = final.entity_p
    {%- endif %}
    {%- set ns = namespace(blocks=false) -%}
    {%- for k in range(2, steps + 1) if excludes(specs_json, k, free) -%}{%- set ns.blocks = true -%}{%- endfor -%}
    {%- if ns.blocks %}
    left join (
        {%- for k in range(2, steps + 1) %}
        {{ 'union all' if not loop.first }}
        select {{ k - 1 }} as k, p, max(pos) as pos from {{ rows }} where {{ excludes(specs_json, k, free) or 'false' }} group by p
        {%- endfor %}
    ) as block on tail.p = block.p and tail.k = block.k
    {%- endif %}
    where {{ funnel_of('tail.p') }} in {{ funnel_list(tojson(windowed)) }}
    {%- if strict %} and ({{ funnel_of('tail.p') }} not in {{ funnel_list(tojson(strict)) }} or tail.pos = final.pos){% endif %}
    {%- if ns.blocks %} and tail.pos >= coalesce(block.pos, 0){% endif %}
    group by tail.p{{ ', tail.attempt' if with_attempts }}
{%- endmacro %}
