{#- The rules of a feature as canonical JSON: what can change who used it, and who could; no names,
    descriptions or topics. Its md5 is the definition hash. -#}
{% macro feature_definition(plan_json, no) -%}
    {%- set plan = fromjson(plan_json) -%}
    {%- set feature = plan.features[no] -%}
    {%- set definition = {
        'events': feature.events | sort(case_sensitive=true), 'where': feature.where,
        'used_days': feature.used_days, 'regular_days': feature.regular_days,
        'within_us': feature.within_us, 'timezone': plan.timezone,
    } -%}
    {%- for option in ['released_on', 'entitlement', 'success'] if feature[option] is not none -%}
        {%- do definition.update({option: feature[option]}) -%}
    {%- endfor -%}
    {{- tojson(definition, sort_keys=true) -}}
{%- endmacro %}

{#- What is asked, when, and how answers are weighted, as canonical JSON; texts' themes are a version of
    their own. -#}
{% macro feedback_definition(plan_json) -%}
    {%- set plan = fromjson(plan_json) -%}
    {%- set questions = {} -%}
    {%- for question in plan.questions -%}
        {%- set rules = {} -%}
        {%- for key in ['kind', 'feature', 'lo', 'hi', 'tolerance', 'claim'] if question[key] is not none -%}
            {%- do rules.update({key: question[key]}) -%}
        {%- endfor -%}
        {%- do questions.update({question.name: rules}) -%}
    {%- endfor -%}
    {%- set waves = {} -%}
    {%- for wave in plan.waves.list -%}
        {%- do waves.update({wave.name: [wave.from, wave.to]}) -%}
    {%- endfor -%}
    {{- tojson({
        'questions': questions, 'waves': waves or plan.waves.kind, 'weights': plan.weights,
        'revenue': plan.revenue, 'timezone': plan.timezone,
    }, sort_keys=true) -}}
{%- endmacro %}
