{#- Events that count for outcomes, a row each and entity kind: outcome_no, entity, entity_key, us, amount
    (of a sum; null of other kinds). `kinds`: which outcomes; `events` and `keys` as for
    funnel_matches; `entities`: those that the clocks count. -#}
{% macro outcome_events(plan_json, events, keys, kinds) -%}
    {%- set plan = fromjson(plan_json) -%}
    {%- set entities = plan.clocks | map(attribute='entity') | unique(case_sensitive=true) | list -%}
    {%- set ns = namespace(parts=0) -%}
    {%- for outcome in plan.outcomes if outcome.kind in kinds %}
    {%- for entity in entities %}
    {{ 'union all' if ns.parts }}
    {%- set ns.parts = ns.parts + 1 %}
    select
        cast({{ outcome.no }} as bigint) as outcome_no,
        {{ sql_text(entity) }} as entity,
        {{ keys[entity] }} as entity_key,
        {{ epoch_us('occurred_at') }} as us,
        {{ outcome.property if outcome.kind == 'sum' else 'cast(null as bigint)' }} as amount
    from {{ events }}
    where {{ step_predicate(outcome) }}
        and {{ keys[entity] }} is not null
        {%- if outcome.kind == 'sum' %}
        and {{ outcome.property }} is not null
        {%- endif %}
    {%- endfor %}
    {%- endfor %}
    {%- if not ns.parts %}
    select {{ no_values(['outcome_no bigint', 'entity string', 'entity_key bigint', 'us bigint', 'amount bigint']) }}
    where false
    {%- endif %}
{%- endmacro %}

{#- Events that count for aha moments, a row each: aha_no, entity_key, us, what (the day or the value
    that is distinct; null where each event counts). -#}
{% macro moment_events(plan_json, events, keys, timezone) -%}
    {%- set plan = fromjson(plan_json) -%}
    {%- for moment in plan.moments %}
    {{ 'union all' if not loop.first }}
    select
        cast({{ moment.no }} as bigint) as aha_no,
        {{ keys[moment.entity] }} as entity_key,
        {{ epoch_us('occurred_at') }} as us,
        {% if moment.counted == 'events' -%}
        cast(null as string) as what
        {%- elif moment.counted == 'days' -%}
        cast(cast({{ local_time('occurred_at', timezone) }} as date) as string) as what
        {%- else -%}
        cast({{ moment.property }} as string) as what
        {%- endif %}
    from {{ events }}
    where {{ step_predicate(moment) }}
        and {{ keys[moment.entity] }} is not null
        {%- if moment.counted == 'distinct' %}
        and {{ moment.property }} is not null
        {%- endif %}
    {%- else %}
    select {{ no_values(['aha_no bigint', 'entity_key bigint', 'us bigint', 'what string']) }} where false
    {%- endfor %}
{%- endmacro %}
