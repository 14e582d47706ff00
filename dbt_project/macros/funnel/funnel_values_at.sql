{#- An event property where `at` says, of every unit: p, attempt, value (text; null for none, '(not
    reached)' where the unit never filled that step). `at`: a step's number, on the reported chain; or
    first or last: the first or last row of the entity that has a value. `events` has event_no and
    the property. -#}
{% macro funnel_values_at(spec_json, journeys, chain_rows, rows, events, property, at) -%}
    {%- set spec = fromjson(spec_json) -%}
    {%- if at in ['first', 'last'] %}
select journeys.p, journeys.attempt, found.value
from {{ journeys }} as journeys
left join (
    select
        {{ entity_of(tojson([spec]), 'rows.p') }} as p,
        {{ 'min_by' if at == 'first' else 'max_by' }}(cast(events.{{ property }} as string), rows.pos) as value
    from {{ rows }} as rows
    inner join {{ events }} as events on rows.event_no = events.event_no
    where rows.mask <> 0 and events.{{ property }} is not null and {{ funnel_of('rows.p') }} = {{ spec.no }}
    group by {{ entity_of(tojson([spec]), 'rows.p') }}
) as found on journeys.p = found.p
    {%- else %}
select
    journeys.p,
    journeys.attempt,
    case when chain_rows.p is null then '(not reached)' else cast(events.{{ property }} as string) end as value
from {{ journeys }} as journeys
left join {{ chain_rows }} as chain_rows
    on journeys.p = chain_rows.p and journeys.attempt = chain_rows.attempt and chain_rows.run = 'all' and chain_rows.filled = {{ at }}
left join {{ events }} as events on chain_rows.event_no = events.event_no
    {%- endif %}
where journeys.funnel_no = {{ spec.no }}
{%- endmacro %}
