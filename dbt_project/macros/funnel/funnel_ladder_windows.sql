{#- Any engine: a layer of window functions a step. The latest reachable row of step k-1 is the
    running maximum of its columns, since none of them ever falls. -#}
{% macro default__funnel_ladder(rows, entries, specs_json, columns, free) -%}
{%- set steps = chain_steps(specs_json) | int -%}
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
        case when is_reached then s end as s{{ k }},
        case when is_reached then us end as u{{ k }},
        {% for j in range(1, k) -%}
        case when is_reached then b{{ j }} end as {{ chain_column(k, j) }},
        {% endfor -%}
        case when is_reached then pos end as {{ chain_column(k, k) }}
    from (
        select
            *,
            {{ fills(specs_json, k, free) }} and b1 is not null and {{ follows(specs_json, 'us - s', 'us - u', 'b' ~ (k - 1), 'pos', 'p') }}
            {%- if blocks %} and b{{ k - 1 }} >= coalesce(x, 0){% endif %} as is_reached
        from x{{ k }}
    ) as asked
),

{% endfor -%}
{{ deepest_levels('y' ~ steps, specs_json, columns, free) }}
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

{#- From the last window layer to one chain a unit: what deepest_chains and open_until find, from one
    reading. An engine that does not keep a CTE makes all layers again for each reader, and a reader a
    step is a plan that grows with the square of the steps. -#}
{% macro deepest_levels(layer, specs_json, columns, free) -%}
{%- set specs = fromjson(specs_json) -%}
{%- set steps = chain_steps(specs_json) | int -%}
{%- set with_attempts = specs | selectattr('count', 'equalto', 'entries') | list -%}
{%- set strict = specs | selectattr('order', 'equalto', 'strict') | list -%}
{%- set windowed = tojson(specs | rejectattr('window_us', 'none') | list) -%}
{%- set ns = namespace(blocks=false) -%}
{%- for k in range(2, steps + 1) if excludes(specs_json, k, free) -%}{%- set ns.blocks = true -%}{%- endfor -%}
marked as (
    select
        *
        {%- if strict %},
        max(pos) over (partition by {{ entity_of(specs_json, 'p') }}) as final_pos
        {%- endif %}
        {%- if ns.blocks %}
        {%- for k in range(1, [steps, 2] | max) %},
        {% if excludes(specs_json, k + 1, free) -%}
        max(case when {{ excludes(specs_json, k + 1, free) }} then pos end) over (partition by p)
        {%- else %}cast(null as bigint){% endif %} as block{{ k }}
        {%- endfor %}
        {%- endif %}
    from {{ layer }}
),

-- Each row once for each step that it is reachable as.
reachable as (
    select
        p,
        level,
        {% for j in range(1, steps + 1) -%}
        case level{% for k in range(j, steps + 1) %} when {{ k }} then {{ chain_column(k, j) }}{% endfor %} end as r{{ j }},
        {% endfor -%}
        {% for column in ['s', 'u'] -%}
        case level{% for k in range(1, steps + 1) %} when {{ k }} then {{ column ~ k }}{% endfor %} end as {{ column }},
        {% endfor -%}
        {% if strict %}final_pos, {% endif -%}
        {% if ns.blocks %}case level{% for k in range(1, [steps, 2] | max) %} when {{ k }} then block{{ k }}{% endfor %} end as block_pos, {% endif -%}
        pos
    from marked
    cross join (
        {%- for k in range(1, steps + 1) %}
        {{ 'union all ' if not loop.first }}select {{ k }} as level
        {%- endfor %}
    ) as levels
    where case level{% for k in range(1, steps + 1) %} when {{ k }} then s{{ k }}{% endfor %} end is not null
),

by_level as (
    select
        p, {{ attempt_of(specs_json, 'r1') if with_attempts else 'cast(0 as bigint)' }} as attempt, level,
        {% for j in range(1, steps + 1) %}min(r{{ j }}) as r{{ j }}, {% endfor %}
        max(s) as s, max(u) as u, max(pos) as pos
        {%- if strict %}, max(final_pos) as final_pos{% endif %}
        {%- if ns.blocks %}, max(block_pos) as block_pos{% endif %}
    from reachable
    group by p, {{ attempt_of(specs_json, 'r1') ~ ', ' if with_attempts }}level
),

tails as (
    select
        *,
        case
            when {{ funnel_of('p') }} in {{ funnel_list(windowed) }}
                {%- if steps > 1 %} and level < {{ steps }}{% endif %}
                {%- if with_attempts %} and is_latest{% endif %}
                {%- if strict %} and ({{ funnel_of('p') }} not in {{ funnel_list(tojson(strict)) }} or pos = final_pos){% endif %}
                {%- if ns.blocks %} and pos >= coalesce(block_pos, 0){% endif %}
                then {{ chain_closes(specs_json, 's', 'u', 'p') }}
        end as open_until_us
    from {% if with_attempts -%}
    (select *, pos = max(pos) over (partition by p, level) as is_latest from by_level) as by_level
    {%- else %}by_level{% endif %}
)

select
    p,
    attempt,
    cast(max(level) as bigint) as depth,
    coalesce({% for j in range(steps, 0, -1) %}max_by(r{{ j }}, level){{ ', ' if not loop.last }}{% endfor %}) as last_pos,
    max(open_until_us) as open_until_us,
    max_by(r1, level) as entry_pos,
    {% for j in range(1, columns + 1) -%}
    {{ 'max_by(r' ~ j ~ ', level)' if j <= steps else 'cast(null as bigint)' }} as r{{ j }}{{ ',' if not loop.last }}
    {% endfor -%}
from tails
group by p, attempt
{%- endmacro %}
