{#- Rows of all funnels in row order: p (funnel, lane and entity in one bigint), pos (position among
    the entity's rows, all lanes together, from 1), tie (first position of its instant; null unless a
    funnel asks for it), us, mask, xmask, event_no.
    Row order is total: time, lowest step matched (no step last), mask, row_tie where the matches have
    it, event_no; never insertion order. So simultaneous events count in step order. `mask & -mask` is the lowest bit set. -#}
{% macro funnel_rows(matches, specs_json, tied=false) -%}
{%- set specs = fromjson(specs_json) -%}
{%- set others = specs | selectattr('exclude') | list or specs | selectattr('order', 'equalto', 'strict') | list -%}
{%- set lowest = 'case when mask = 0 then 4611686018427387904 else mask & -mask end' if others else 'mask & -mask' -%}
select
    {%- if specs | selectattr('hold') | list %}
    funnel_no * 72057594037927936
    + case
        when held is null then 0
        else dense_rank() over (partition by funnel_no, entity_key order by held nulls last)
    end * 4294967296
    + entity_key as p,
    {%- else %}
    funnel_no * 72057594037927936 + entity_key as p,
    {%- endif %}
    cast(row_number() over (
        partition by funnel_no, entity_key order by us, {{ lowest }}, mask, {{ 'row_tie nulls last, ' if tied }}event_no
    ) as bigint) as pos,
    {%- if specs | selectattr('strict_increase') | list %}
    cast(rank() over (partition by funnel_no, entity_key order by us) as bigint) as tie,
    {%- else %}
    cast(null as bigint) as tie,
    {%- endif %}
    us,
    mask,
    xmask,
    event_no
from {{ matches }}
{%- endmacro %}
