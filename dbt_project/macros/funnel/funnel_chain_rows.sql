{#- Proof rows: run, p, attempt, step, filled, is_optional, us, event_no, us_from_entry,
    us_from_previous (from the required step before; null on step 1), one a step of every reported
    chain. `filled`: number of the step that the row fills; `step` is the same, but under `order: any`
    it counts the distinct steps as they came. `chains`: run and the columns of funnel_chains. -#}
{% macro funnel_chain_rows(chains, rows, specs_json) -%}
{%- set specs = fromjson(specs_json) -%}
{%- set columns = longest_funnel_of(specs_json) | int -%}
{%- set unordered = specs | selectattr('order', 'equalto', 'any') | list -%}
{%- set optional = [] -%}
{%- for spec in specs if spec.steps | selectattr('optional') | list -%}{%- do optional.append(spec) -%}{%- endfor -%}
with

chains as (
    select * from {{ chains }} where run <> 'free'
),

positions as (
    {%- for j in range(1, columns + 1) %}
    {%- set numbers = [] -%}
    {%- for spec in specs -%}
        {%- set required = spec.steps | rejectattr('optional') | list -%}
        {%- do numbers.append({'no': spec.no, 'value': none if j > required | length else required[j - 1].no}) -%}
    {%- endfor %}
    {{ 'union all ' if not loop.first }}select run, p, attempt, lane_p, {{ j }} as place, cast({{ by_funnel(tojson(numbers), 'p') }} as bigint) as filled, r{{ j }} as pos from chains where r{{ j }} is not null
    {%- endfor %}
),

filled as (
    select
        positions.run, positions.p, positions.attempt, positions.filled, rows.us, rows.event_no,
        {%- if unordered %}
        case when {{ funnel_of('positions.p') }} in {{ funnel_list(tojson(unordered)) }}
            then row_number() over (partition by run, positions.p, attempt order by positions.pos, place)
            else positions.filled end as step,
        {%- else %}
        positions.filled as step,
        {%- endif %}
        false as is_optional
    from positions
    inner join {{ rows }} as rows on positions.lane_p = rows.p and positions.pos = rows.pos
),

required_rows as (
    select
        run, p, attempt, step, filled, is_optional, us, event_no,
        us - min(us) over (partition by run, p, attempt) as us_from_entry,
        us - lag(us) over (partition by run, p, attempt order by step) as us_from_previous
    from filled
)

{%- for spec in optional %}
{%- for step in spec.steps if step.optional %}
{%- set ns = namespace(before=0, after=none) -%}
{%- for other in spec.steps if not other.optional -%}
    {%- if other.no < step.no -%}{%- set ns.before = other.rank -%}{%- endif -%}
    {%- if other.no > step.no and ns.after is none -%}{%- set ns.after = other.rank -%}{%- endif -%}
{%- endfor %},

-- The earliest row of an optional step between the rows of its required neighbours.
optional_{{ spec.no }}_{{ step.no }} as (
    select
        chains.run, chains.p, chains.attempt, min_by(rows.us, rows.pos) as us, min_by(rows.event_no, rows.pos) as event_no,
        min(starts.us) as start_us, min(befores.us) as before_us
    from chains
    inner join {{ rows }} as starts on chains.lane_p = starts.p and chains.r1 = starts.pos
    inner join {{ rows }} as befores on chains.lane_p = befores.p and chains.r{{ ns.before }} = befores.pos
    inner join {{ rows }} as rows
        on chains.lane_p = rows.p
        and rows.mask & {{ 2 ** (step.no - 1) }} <> 0
        and rows.pos > chains.r{{ ns.before }}
        and (rows.pos < chains.r{{ ns.after }} or chains.r{{ ns.after }} is null
            {%- if spec.window_us is not none %} and rows.us - starts.us <= {{ spec.window_us }}{% endif %})
    where {{ funnel_of('chains.p') }} = {{ spec.no }}
    group by chains.run, chains.p, chains.attempt
)
{%- endfor %}
{%- endfor %}

select * from required_rows
{%- for spec in optional %}
{%- for step in spec.steps if step.optional %}
union all
select
    run, p, attempt, cast({{ step.no }} as bigint) as step, cast({{ step.no }} as bigint) as filled, true as is_optional,
    us, event_no, us - start_us as us_from_entry, us - before_us as us_from_previous
from optional_{{ spec.no }}_{{ step.no }}
{%- endfor %}
{%- endfor %}
{%- endmacro %}
