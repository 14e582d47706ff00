{#- The rules of a funnel as canonical JSON: what can change a number, so neither names nor
    descriptions nor breakdowns. Its md5 is the definition hash. -#}
{% macro funnel_definition(spec_json) -%}
    {%- set spec = fromjson(spec_json) -%}
    {%- set steps = [] -%}
    {%- for step in spec.steps -%}
        {%- do steps.append({'events': step.events | sort(case_sensitive=true), 'where': step.where}) -%}
    {%- endfor -%}
    {{- tojson({
        'entity': spec.entity, 'order': spec.order, 'entry': spec.entry,
        'window_us': spec.window_us, 'steps': steps,
    }, sort_keys=true) -}}
{%- endmacro %}

{#- The funnels themselves, a row each: funnel_no, funnel, description, entity, entry_rule,
    window_us, steps, definition (funnel_definition), definition_hash. -#}
{% macro funnel_values(specs_json) -%}
    {%- for spec in fromjson(specs_json) %}
        {%- set text = sql_text(funnel_definition(tojson(spec))) %}
{{ 'union all' if not loop.first }}
select
    cast({{ spec.no }} as bigint) as funnel_no,
    cast({{ sql_text(spec.name) }} as varchar) as funnel,
    cast({{ sql_text(spec.description) }} as varchar) as description,
    cast({{ sql_text(spec.entity) }} as varchar) as entity,
    cast({{ sql_text(spec.entry) }} as varchar) as entry_rule,
    cast({{ spec.window_us if spec.window_us is not none else 'null' }} as bigint) as window_us,
    cast({{ spec.steps | length }} as bigint) as steps,
    cast({{ text }} as varchar) as definition,
    cast(substring(md5({{ text }}), 1, 12) as varchar) as definition_hash
    {%- else %}
select
    cast(null as bigint) as funnel_no,
    cast(null as varchar) as funnel,
    cast(null as varchar) as description,
    cast(null as varchar) as entity,
    cast(null as varchar) as entry_rule,
    cast(null as bigint) as window_us,
    cast(null as bigint) as steps,
    cast(null as varchar) as definition,
    cast(null as varchar) as definition_hash
where false
    {%- endfor %}
{%- endmacro %}

{#- The steps of all funnels, a row each: funnel_no, step, step_name. -#}
{% macro funnel_step_values(specs_json) -%}
    {%- set ns = namespace(rows=0) -%}
    {%- for spec in fromjson(specs_json) %}
        {%- for step in spec.steps %}
{{ 'union all' if ns.rows }}
            {%- set ns.rows = ns.rows + 1 %}
select
    cast({{ spec.no }} as bigint) as funnel_no,
    cast({{ step.no }} as bigint) as step,
    cast({{ sql_text(step.name) }} as varchar) as step_name
        {%- endfor %}
    {%- else %}
select
    cast(null as bigint) as funnel_no,
    cast(null as bigint) as step,
    cast(null as varchar) as step_name
where false
    {%- endfor %}
{%- endmacro %}
