{#- Rows of all funnels in row order: p (funnel and entity in one bigint), pos (position among the
    entity's rows, from 1), us, w, mask, event_no.
    Row order is total: time, lowest step matched, mask, event_no; never insertion order. So
    simultaneous events count in step order. `mask & -mask` is the lowest bit set. -#}
{% macro funnel_rows(matches) -%}
select
    p,
    row_number() over (partition by p order by us, mask & -mask, mask, event_no) as pos,
    us,
    w,
    mask,
    event_no
from (
    select
        funnel_no * 72057594037927936 + entity_key as p,
        us,
        w,
        mask,
        event_no
    from {{ matches }}
) as keyed
{%- endmacro %}

{#- The funnel's number in p: what stands above its 56 low bits. -#}
{% macro funnel_of(p) -%}
    ({{ p }} >> 56)
{%- endmacro %}
