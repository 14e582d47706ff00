{#- The rules of a funnel as canonical JSON: what can change a number, so neither names nor
    descriptions nor breakdowns; options left at their defaults are left out. Its md5 is the
    definition hash. -#}
{% macro funnel_definition(spec_json) -%}
    {%- set spec = fromjson(spec_json) -%}
    {%- set steps = [] -%}
    {%- for step in spec.steps -%}
        {%- set rules = {'events': step.events | sort(case_sensitive=true), 'where': step.where} -%}
        {%- if step.optional -%}{%- do rules.update({'optional': true}) -%}{%- endif -%}
        {%- do steps.append(rules) -%}
    {%- endfor -%}
    {%- set definition = {
        'entity': spec.entity, 'order': spec.order, 'entry': spec.entry,
        'window_us': spec.window_us, 'steps': steps,
    } -%}
    {%- if spec.count != 'entities' -%}{%- do definition.update({'count': spec.count}) -%}{%- endif -%}
    {%- for option in ['session_idle_us', 'anchor_first', 'step_window_us', 'hold', 'row_reuse', 'strict_increase'] if spec.get(option) -%}
        {%- do definition.update({option: spec[option]}) -%}
    {%- endfor -%}
    {%- set exclusions = [] -%}
    {%- for each in spec.exclude -%}
        {%- do exclusions.append({
            'events': each.events | sort(case_sensitive=true), 'where': each.where,
            'from': each.from, 'to': each.to, 'scope': each.scope,
        }) -%}
    {%- endfor -%}
    {%- if exclusions -%}{%- do definition.update({'exclude': exclusions}) -%}{%- endif -%}
    {{- tojson(definition, sort_keys=true) -}}
{%- endmacro %}

{#- The funnels themselves, a row each: funnel_no, funnel, description, entity, entry_rule,
    window_us, steps, final_step, has_runs (mature figures come from a run of their own),
    counts_entries, definition (funnel_definition), definition_hash. -#}
{% macro funnel_values(specs_json) -%}
    {%- for spec in fromjson(specs_json) %}
        {%- set text = sql_text(funnel_definition(tojson(spec))) %}
        {%- set runs = fromjson(specs_with_runs(tojson([spec]))) | length > 0 %}
{{ 'union all' if not loop.first }}
select
    cast({{ spec.no }} as bigint) as funnel_no,
    cast({{ sql_text(spec.name) }} as string) as funnel,
    cast({{ sql_text(spec.description) }} as string) as description,
    cast({{ sql_text(spec.entity) }} as string) as entity,
    cast({{ sql_text(spec.entry) }} as string) as entry_rule,
    cast({{ spec.window_us if spec.window_us is not none else 'null' }} as bigint) as window_us,
    cast({{ spec.steps | length }} as bigint) as steps,
    cast({{ spec.steps[-1].no }} as bigint) as final_step,
    {{ 'true' if runs else 'false' }} as has_runs,
    {{ 'true' if spec.count == 'entries' else 'false' }} as counts_entries,
    cast({{ text }} as string) as definition,
    cast(substring(md5({{ text }}), 1, 12) as string) as definition_hash
    {%- else %}
select
    cast(null as bigint) as funnel_no,
    cast(null as string) as funnel,
    cast(null as string) as description,
    cast(null as string) as entity,
    cast(null as string) as entry_rule,
    cast(null as bigint) as window_us,
    cast(null as bigint) as steps,
    cast(null as bigint) as final_step,
    cast(null as boolean) as has_runs,
    cast(null as boolean) as counts_entries,
    cast(null as string) as definition,
    cast(null as string) as definition_hash
where false
    {%- endfor %}
{%- endmacro %}

{#- The steps of all funnels, a row each: funnel_no, step, step_name, is_optional, previous_step (the
    required step before; null on the first). Under `order: any` a step is a number of steps done. -#}
{% macro funnel_step_values(specs_json) -%}
    {%- set ns = namespace(rows=0) -%}
    {%- for spec in fromjson(specs_json) %}
        {%- set ns.before = none %}
        {%- for step in spec.steps %}
{{ 'union all' if ns.rows }}
            {%- set ns.rows = ns.rows + 1 %}
            {%- set name = 'any ' ~ step.no ~ ' of ' ~ spec.steps | length if spec.order == 'any' else step.name %}
select
    cast({{ spec.no }} as bigint) as funnel_no,
    cast({{ step.no }} as bigint) as step,
    cast({{ sql_text(name) }} as string) as step_name,
    {{ 'true' if step.optional else 'false' }} as is_optional,
    cast({{ ns.before if ns.before is not none else 'null' }} as bigint) as previous_step
            {%- if not step.optional %}{%- set ns.before = step.no %}{%- endif %}
        {%- endfor %}
    {%- else %}
select
    cast(null as bigint) as funnel_no,
    cast(null as bigint) as step,
    cast(null as string) as step_name,
    cast(null as boolean) as is_optional,
    cast(null as bigint) as previous_step
where false
    {%- endfor %}
{%- endmacro %}
