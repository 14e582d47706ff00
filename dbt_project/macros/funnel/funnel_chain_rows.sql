{#- Proof rows: run, p, step, us, event_no, us_from_entry, us_from_previous (null on step 1), one a
    step of every reported chain. `chains` has run, p, r1..rK. -#}
{% macro funnel_chain_rows(chains, rows, steps) -%}
with

positions as (
    {%- for k in range(1, steps + 1) %}
    {{ 'union all ' if not loop.first }}select run, p, cast({{ k }} as bigint) as step, r{{ k }} as pos from {{ chains }} where r{{ k }} is not null
    {%- endfor %}
),

filled as (
    select positions.run, positions.p, positions.step, rows.us, rows.event_no
    from positions
    inner join {{ rows }} as rows on positions.p = rows.p and positions.pos = rows.pos
)

select
    run,
    p,
    step,
    us,
    event_no,
    us - min(us) over (partition by run, p) as us_from_entry,
    us - lag(us) over (partition by run, p order by step) as us_from_previous
from filled
{%- endmacro %}
