{#- The kernel. Reported chains: p, level (deepest step reached), r1..rK (the position of the row
    that fills each step; null past the level). `entries`: relation of the rows that may open a
    chain (p, pos, us); `steps`: K, the longest funnel's.
    The recurrence: a row of step k takes as predecessor the latest reachable row of step k-1
    before it and inherits that row's start; it is reachable if the window holds against it. Starts
    and chains never fall along a step's reachable rows, so the latest predecessor dominates, and
    the reported chain is the plain minimum over the deepest level's reachable rows. A forward
    "earliest next row" ladder is wrong under `entry: best`. -#}
{% macro funnel_chains(rows, entries, steps) -%}
{{ adapter.dispatch('funnel_chains', 'funnelkit')(rows, entries, steps) }}
{%- endmacro %}

{#- DuckDB: one ASOF join a step. -#}
{% macro duckdb__funnel_chains(rows, entries, steps) -%}
with

z1 as materialized (
    select p, pos, us as s, pos as r1
    from {{ entries }}
),

{% for k in range(2, steps + 1) -%}
z{{ k }} as materialized (
    select b.p, b.pos, a.s, {% for j in range(1, k) %}a.r{{ j }}, {% endfor %}b.pos as r{{ k }}
    from (select p, pos, us, w from {{ rows }} where mask & {{ 2 ** (k - 1) }} <> 0) as b
    asof join z{{ k - 1 }} as a on a.p = b.p and a.pos < b.pos
    where b.us - a.s <= b.w
),

{% endfor -%}
{{ deepest_chains(steps) }}
{%- endmacro %}

{#- Any engine: a layer of window functions a step. The latest reachable row of step k-1 is the
    running maximum of its columns, since none of them ever falls. -#}
{% macro default__funnel_chains(rows, entries, steps) -%}
with

y1 as (
    select
        rows.p, rows.pos, rows.us, rows.w, rows.mask,
        case when entries.p is not null then rows.us end as s1,
        case when entries.p is not null then rows.pos end as r1
    from {{ rows }} as rows
    left join {{ entries }} as entries on rows.p = entries.p and rows.pos = entries.pos
),

{% for k in range(2, steps + 1) -%}
x{{ k }} as (
    select
        *,
        max(s{{ k - 1 }}) over before as s,
        {% for j in range(1, k) -%}
        max({{ chain_column(k - 1, j) }}) over before as b{{ j }}{{ ',' if not loop.last }}
        {% endfor %}
    from y{{ k - 1 }}
    window before as (partition by p order by pos rows between unbounded preceding and 1 preceding)
),

y{{ k }} as (
    select
        p, pos, us, w, mask,
        {%- for i in range(1, k) %}
        s{{ i }}, {% for j in range(1, i + 1) %}{{ chain_column(i, j) }}, {% endfor %}
        {%- endfor %}
        {%- set reached = 'mask & ' ~ 2 ** (k - 1) ~ ' <> 0 and us - s <= w' %}
        case when {{ reached }} then s end as s{{ k }},
        {% for j in range(1, k) -%}
        case when {{ reached }} then b{{ j }} end as {{ chain_column(k, j) }},
        {% endfor -%}
        case when {{ reached }} then pos end as {{ chain_column(k, k) }}
    from x{{ k }}
),

{% endfor -%}
{% for k in range(1, steps + 1) -%}
z{{ k }} as (
    select p, {% for j in range(1, k + 1) %}{{ chain_column(k, j) }} as r{{ j }}{{ ', ' if not loop.last }}{% endfor %}
    from y{{ steps }}
    where s{{ k }} is not null
),

{% endfor -%}
{{ deepest_chains(steps) }}
{%- endmacro %}

{#- Row j of the chains that end at step k, as a column of the window layers. -#}
{% macro chain_column(k, j) -%}
    {{ 'r1' if k == 1 else 'r' ~ k ~ '_' ~ j }}
{%- endmacro %}

{#- From the reachable rows z1..zK to one chain an entity: the minimum over its deepest level. -#}
{% macro deepest_chains(steps) -%}
{% for k in range(1, steps + 1) -%}
m{{ k }} as (
    select p, {% for j in range(1, k + 1) %}min(r{{ j }}) as r{{ j }}{{ ', ' if not loop.last }}{% endfor %}
    from z{{ k }}
    group by p
){{ ',' if not loop.last }}

{% endfor -%}
select
    m1.p,
    cast(1
    {%- for k in range(2, steps + 1) %} + case when m{{ k }}.p is not null then 1 else 0 end{% endfor %} as bigint) as level,
    {% for j in range(1, steps + 1) -%}
    coalesce({% for k in range(steps, j - 1, -1) %}m{{ k }}.r{{ j }}, {% endfor %}null) as r{{ j }}{{ ',' if not loop.last }}
    {% endfor -%}
from m1
{% for k in range(2, steps + 1) -%}
left join m{{ k }} on m1.p = m{{ k }}.p
{% endfor %}
{%- endmacro %}
