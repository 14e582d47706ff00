{#- The declared aha moments, a row each: aha_no, aha, description, clock_no, clock, entity, funnel,
    at_least, counted, within_us, outcome_no, outcome, declared_on, definition, definition_hash. -#}
{% macro aha_moment_values(plan_json) -%}
    {%- set plan = fromjson(plan_json) -%}
    {%- for moment in plan.moments %}
        {%- set text = sql_text(aha_definition(plan_json, moment.no)) %}
{{ 'union all' if not loop.first }}
select
    cast({{ moment.no }} as bigint) as aha_no,
    cast({{ sql_text(moment.name) }} as string) as aha,
    cast({{ sql_text(moment.description) }} as string) as description,
    cast({{ moment.clock_no }} as bigint) as clock_no,
    cast({{ sql_text(plan.clocks[moment.clock_no].name) }} as string) as clock,
    cast({{ sql_text(moment.entity) }} as string) as entity,
    {{ text_or_null(moment.funnel) }} as funnel,
    cast({{ moment.at_least }} as bigint) as at_least,
    cast({{ sql_text(moment.counted) }} as string) as counted,
    cast({{ moment.within_us }} as bigint) as within_us,
    cast({{ 'null' if moment.outcome_no is none else moment.outcome_no }} as bigint) as outcome_no,
    {{ text_or_null(moment.outcome) }} as outcome,
    cast({{ 'null' if moment.declared_on is none else sql_text(moment.declared_on) }} as date) as declared_on,
    cast({{ text }} as string) as definition,
    cast(substring(md5({{ text }}), 1, 12) as string) as definition_hash
    {%- else %}
select
    {{ no_values(['aha_no bigint', 'aha string', 'description string', 'clock_no bigint', 'clock string',
                  'entity string', 'funnel string', 'at_least bigint', 'counted string', 'within_us bigint',
                  'outcome_no bigint', 'outcome string', 'declared_on date', 'definition string',
                  'definition_hash string']) }}
where false
    {%- endfor %}
{%- endmacro %}

{#- The outcomes, a row each: outcome_no, outcome, description, kind, negated, after_us, within_us,
    definition, definition_hash. -#}
{% macro outcome_values(plan_json) -%}
    {%- for outcome in fromjson(plan_json).outcomes %}
        {%- set text = sql_text(outcome_definition(plan_json, outcome.no)) %}
{{ 'union all' if not loop.first }}
select
    cast({{ outcome.no }} as bigint) as outcome_no,
    cast({{ sql_text(outcome.name) }} as string) as outcome,
    cast({{ sql_text(outcome.description) }} as string) as description,
    cast({{ sql_text(outcome.kind) }} as string) as kind,
    {{ 'true' if outcome.negated else 'false' }} as negated,
    cast({{ outcome.after_us }} as bigint) as after_us,
    cast({{ outcome.within_us }} as bigint) as within_us,
    cast({{ text }} as string) as definition,
    cast(substring(md5({{ text }}), 1, 12) as string) as definition_hash
    {%- else %}
select
    {{ no_values(['outcome_no bigint', 'outcome string', 'description string', 'kind string', 'negated boolean',
                  'after_us bigint', 'within_us bigint', 'definition string', 'definition_hash string']) }}
where false
    {%- endfor %}
{%- endmacro %}

{#- The declared search, one row or none: clock_no, clock, entity, outcome_no, outcome, xmax_us,
    landmark_us, definition, definition_hash. -#}
{% macro search_values(plan_json) -%}
    {%- set search = fromjson(plan_json).search -%}
    {%- if search %}
        {%- set text = sql_text(search_definition(plan_json)) %}
select
    cast({{ search.clock_no }} as bigint) as clock_no,
    cast({{ sql_text(search.clock) }} as string) as clock,
    cast({{ sql_text(search.entity) }} as string) as entity,
    cast({{ search.outcome_no }} as bigint) as outcome_no,
    cast({{ sql_text(search.outcome) }} as string) as outcome,
    cast({{ search.xmax_us }} as bigint) as xmax_us,
    cast({{ search.landmark_us }} as bigint) as landmark_us,
    cast({{ text }} as string) as definition,
    cast(substring(md5({{ text }}), 1, 12) as string) as definition_hash
    {%- else %}
select
    {{ no_values(['clock_no bigint', 'clock string', 'entity string', 'outcome_no bigint', 'outcome string',
                  'xmax_us bigint', 'landmark_us bigint', 'definition string', 'definition_hash string']) }}
where false
    {%- endif %}
{%- endmacro %}

{#- The clocks, a row each: clock_no, clock, entity, funnel_no (null for a clock of its own). -#}
{% macro clock_values(plan_json) -%}
    {%- for clock in fromjson(plan_json).clocks %}
    {{ 'union all' if not loop.first }}
    select
        cast({{ clock.no }} as bigint) as clock_no,
        cast({{ sql_text(clock.name) }} as string) as clock,
        cast({{ sql_text(clock.entity) }} as string) as entity,
        cast({{ 'null' if clock.funnel_no is none else clock.funnel_no }} as bigint) as funnel_no
    {%- else %}
    select {{ no_values(['clock_no bigint', 'clock string', 'entity string', 'funnel_no bigint']) }} where false
    {%- endfor %}
{%- endmacro %}

{#- Every outcome on every clock that it fits, a row each: clock_no, outcome_no, kind, negated, at_least
    (null of a funnel), funnel_no, after_us, within_us. -#}
{% macro pair_values(plan_json) -%}
    {%- set plan = fromjson(plan_json) -%}
    {%- for pair in plan.pairs %}
    {%- set outcome = plan.outcomes[pair.outcome_no] %}
    {{ 'union all' if not loop.first }}
    select
        cast({{ pair.clock_no }} as bigint) as clock_no,
        cast({{ pair.outcome_no }} as bigint) as outcome_no,
        '{{ outcome.kind }}' as kind,
        {{ 'true' if outcome.negated else 'false' }} as negated,
        cast({{ 'null' if outcome.at_least is none else outcome.at_least }} as bigint) as at_least,
        cast({{ 'null' if outcome.funnel_no is none else outcome.funnel_no }} as bigint) as funnel_no,
        cast({{ outcome.after_us }} as bigint) as after_us,
        cast({{ outcome.within_us }} as bigint) as within_us
    {%- else %}
    select {{ no_values(['clock_no bigint', 'outcome_no bigint', 'kind string', 'negated boolean', 'at_least bigint',
                         'funnel_no bigint', 'after_us bigint', 'within_us bigint']) }}
    where false
    {%- endfor %}
{%- endmacro %}

{% macro text_or_null(value) -%}
    cast({{ 'null' if value is none else sql_text(value) }} as string)
{%- endmacro %}

{#- A select list of nulls: columns as `name type`. -#}
{% macro no_values(columns) -%}
    {%- for column in columns -%}
        {%- set parts = column.split(' ') -%}
        cast(null as {{ parts[1] }}) as {{ parts[0] }}{{ ', ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}
