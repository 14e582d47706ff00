{#- `order: any`: for every entry the next row of each step, at or after it and within the window. The
    same columns as funnel_ladder; the reported entry has the most distinct steps, then the earliest
    last row, then is the latest. Nothing kills an attempt: it is open as long as its window. -#}
{% macro funnel_sets(rows, entries, specs_json, columns) -%}
{%- set steps = longest_funnel_of(specs_json) | int -%}
with

opened as (
    select p, pos, us from {{ entries }}
    where {{ funnel_of('p') }} in {{ funnel_list(specs_json) }}
),

{{ adapter.dispatch('next_rows', 'funnelkit')(rows, 'opened', steps, specs_json) }},

counted as (
    select
        *,
        {% for j in range(1, steps + 1) %}{{ '+ ' if not loop.first }}case when r{{ j }} is not null then 1 else 0 end {% endfor %}as depth,
        greatest({% for j in range(1, steps + 1) %}coalesce(r{{ j }}, 0){{ ', ' if not loop.last }}{% endfor %}{{ ', 0' if steps == 1 }}) as last_pos
    from next_rows
),

ranked as (
    select
        *,
        row_number() over (partition by p order by depth desc, last_pos, pos desc) as place,
        max(us) over (partition by p) as latest_us
    from counted
)

select
    p,
    cast(0 as bigint) as attempt,
    cast(depth as bigint) as depth,
    last_pos,
    {% set windowed = fromjson(specs_json) | rejectattr('window_us', 'none') | list -%}
    case when {{ funnel_of('p') }} in {{ funnel_list(tojson(windowed)) }} then latest_us + {{ funnel_window(tojson(windowed), 'p') }} end as open_until_us,
    pos as entry_pos,
    {% for j in range(1, columns + 1) -%}
    {{ 'r' ~ j if j <= steps else 'cast(null as bigint) as r' ~ j }}{{ ',' if not loop.last }}
    {% endfor -%}
from ranked
where place = 1
{%- endmacro %}

{#- CTE next_rows: entries with r1..rK, positions of the next row of each step. -#}
{% macro duckdb__next_rows(rows, entries, steps, specs_json) -%}
{%- for j in range(1, steps + 1) -%}
{%- set given = entries if loop.first else 'next_' ~ (j - 1) -%}
{{ 'next_rows' if loop.last else 'next_' ~ j }} as (
    select
        e.*,
        case when b.us - e.us <= {{ funnel_window(specs_json, 'e.p') }} then b.pos end as r{{ j }}
    from {{ given }} as e
    asof left join (select p, pos, us from {{ rows }} where mask & {{ 2 ** (j - 1) }} <> 0) as b
        on e.p = b.p and e.pos <= b.pos
){{ ',' if not loop.last }}

{% endfor -%}
{%- endmacro %}

{% macro default__next_rows(rows, entries, steps, specs_json) -%}
ahead as (
    select
        p, pos
        {%- for j in range(1, steps + 1) %},
        min(case when mask & {{ 2 ** (j - 1) }} <> 0 then pos end) over onward as n{{ j }},
        min(case when mask & {{ 2 ** (j - 1) }} <> 0 then us end) over onward as u{{ j }}
        {%- endfor %}
    from {{ rows }}
    window onward as (partition by p order by pos rows between current row and unbounded following)
),

next_rows as (
    select
        e.*
        {%- for j in range(1, steps + 1) %},
        case when ahead.u{{ j }} - e.us <= {{ funnel_window(specs_json, 'e.p') }} then ahead.n{{ j }} end as r{{ j }}
        {%- endfor %}
    from {{ entries }} as e
    inner join ahead on e.p = ahead.p and e.pos = ahead.pos
)
{%- endmacro %}
