{#- Whether an event matches a step. -#}
{% macro step_predicate(step) -%}
    event_name in ({% for event in step.events %}{{ sql_text(event) }}{{ ', ' if not loop.last }}{% endfor %})
    {%- if step.where %} and ({{ step.where }}
    ){% endif %}
{%- endmacro %}

{#- Events that match a step of a funnel: funnel_no, entity_key, us (UTC microseconds), w (window in
    microseconds, the largest bigint where there is none), mask (bit k-1 set: matches step k),
    event_no. `events` has event_name, occurred_at, the properties that the predicates name, the column
    `event_no`, and a column per entity: `keys` maps an entity to the column that stands for it. -#}
{% macro funnel_matches(specs_json, events, keys, event_no='event_no') -%}
    {%- for spec in fromjson(specs_json) %}
{{ 'union all' if not loop.first }}
select
    cast({{ spec.no }} as bigint) as funnel_no,
    entity_key,
    {{ epoch_us('occurred_at') }} as us,
    cast({{ spec.window_us if spec.window_us is not none else 9223372036854775807 }} as bigint) as w,
    mask,
    event_no
from (
    select
        {{ keys[spec.entity] }} as entity_key,
        occurred_at,
        {{ event_no }} as event_no,
        {% for step in spec.steps -%}
        {{ '+ ' if not loop.first }}case when {{ step_predicate(step) }} then cast({{ 2 ** (step.no - 1) }} as bigint) else 0 end
        {% endfor -%}
        as mask
    from {{ events }}
    where event_name in (
        {%- set seen = [] -%}
        {%- for step in spec.steps %}{% for event in step.events if event not in seen -%}
            {%- do seen.append(event) -%}
            {{- ', ' if seen | length > 1 }}{{ sql_text(event) }}
        {%- endfor %}{% endfor -%}
    )
) as matched
where mask <> 0 and entity_key is not null
    {%- else %}
select
    cast(null as bigint) as funnel_no,
    cast(null as bigint) as entity_key,
    cast(null as bigint) as us,
    cast(null as bigint) as w,
    cast(null as bigint) as mask,
    cast(null as bigint) as event_no
where false
    {%- endfor %}
{%- endmacro %}
