{#- Whether an event matches a step or an exclusion. -#}
{% macro step_predicate(step) -%}
    event_name in ({% for event in step.events %}{{ sql_text(event) }}{{ ', ' if not loop.last }}{% endfor %})
    {%- if step.where %} and ({{ step.where }}
    ){% endif %}
{%- endmacro %}

{#- Bits of the steps or exclusions that an event matches: bit no-1 for each. -#}
{% macro match_bits(items) -%}
    {%- for item in items -%}
        {{ '+ ' if not loop.first }}case when {{ step_predicate(item) }} then cast({{ 2 ** (item.no - 1) }} as bigint) else 0 end
        {% else -%}
        cast(0 as bigint)
    {%- endfor -%}
{%- endmacro %}

{#- The values that rows of a chain must share, as one text; null where one of them is. Lengths keep
    ('a', 'bc') apart from ('ab', 'c'). -#}
{% macro held_values(properties) -%}
    {%- for property in properties -%}
        {{ ' || ' if not loop.first }}cast(length(cast({{ property }} as string)) as string) || ':' || cast({{ property }} as string)
    {%- else -%}
        cast(null as string)
    {%- endfor -%}
{%- endmacro %}

{#- Events that match a step or an exclusion of a funnel (`order: strict`: every event): funnel_no,
    entity_key, held, us (UTC microseconds), mask (bit k-1: step k), xmask (bit e-1: exclusion e),
    event_no. `events` has event_name, occurred_at, the properties that the funnels name, the column
    `event_no`, and a column per entity: `keys` maps an entity to the column that stands for it.
    A row without a held value takes part in nothing; in `strict` it still lies in between.
    `tie`: the column that orders simultaneous events of several users of one entity, or none: event_no
    orders only those of one user. -#}
{% macro funnel_matches(specs_json, events, keys, event_no='event_no', tie=none) -%}
    {%- for spec in fromjson(specs_json) %}
    {%- set strict = spec.order == 'strict' %}
    {%- set held = "case when held is not null then {} else 0 end" if spec.hold else "{}" %}
{{ 'union all' if not loop.first }}
select
    cast({{ spec.no }} as bigint) as funnel_no,
    entity_key,
    held,
    {{ epoch_us('occurred_at') }} as us,
    {{ held.replace('{}', 'mask') }} as mask,
    {{ held.replace('{}', 'xmask') }} as xmask,
    {{ 'row_tie,' if tie }}
    event_no
from (
    select
        {{ keys[spec.entity] }} as entity_key,
        {{ held_values(spec.hold) }} as held,
        occurred_at,
        {{ event_no }} as event_no,
        {%- if tie %}
        {{ 'cast(null as string)' if spec.entity == 'user_id' else tie }} as row_tie,
        {%- endif %}
        {{ match_bits(spec.steps) }} as mask,
        {{ match_bits(spec.exclude) }} as xmask
    from {{ events }}
    {%- if not strict %}
    where event_name in (
        {%- set seen = [] -%}
        {%- for item in spec.steps + spec.exclude %}{% for event in item.events if event not in seen -%}
            {%- do seen.append(event) -%}
            {{- ', ' if seen | length > 1 }}{{ sql_text(event) }}
        {%- endfor %}{% endfor -%}
    )
    {%- endif %}
) as matched
where entity_key is not null
    {%- if not strict %} and (mask <> 0{{ ' or xmask <> 0' if spec.exclude }}){{ ' and held is not null' if spec.hold }}{% endif %}
    {%- else %}
select
    cast(null as bigint) as funnel_no,
    cast(null as bigint) as entity_key,
    cast(null as string) as held,
    cast(null as bigint) as us,
    cast(null as bigint) as mask,
    cast(null as bigint) as xmask,
    {{ 'cast(null as string) as row_tie,' if tie }}
    cast(null as bigint) as event_no
where false
    {%- endfor %}
{%- endmacro %}
