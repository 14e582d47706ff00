{#- DuckDB: one ASOF join a step, and one more where an exclusion acts; reachable rows z1..zK (p, pos, us,
    s: start, attempt, r1..rk) as CTEs, and from them the chains. -#}
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
    select tail.p, {{ 'tail.attempt, ' if with_attempts }}max({{ chain_closes(specs_json, 'tail.s', 'tail.us', 'tail.p') }}) as open_until_us
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
