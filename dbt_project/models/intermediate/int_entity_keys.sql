{%- set entities = funnelkit.other_entities() -%}

-- Dense keys of the entities that are neither users nor accounts.
{% for entity in entities -%}
{{ 'union all' if not loop.first }}
select
    '{{ entity }}' as entity,
    entity_id,
    row_number() over (order by entity_id) as entity_key
from (
    select distinct cast({{ entity }} as varchar) as entity_id
    from {{ ref('fct_events') }}
    where {{ entity }} is not null
) as {{ entity }}_ids
{% else -%}
select
    cast(null as varchar) as entity,
    cast(null as varchar) as entity_id,
    cast(null as bigint) as entity_key
from {{ ref('fct_events') }}
where false
{%- endfor %}
