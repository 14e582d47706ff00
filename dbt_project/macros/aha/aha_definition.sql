{#- The rules of an outcome as canonical JSON: what can change a number, no names or descriptions. One of
    a funnel holds that funnel's. -#}
{% macro outcome_definition(plan_json, no) -%}
    {{- tojson(fromjson(outcome_terms(plan_json, no)), sort_keys=true) -}}
{%- endmacro %}

{% macro outcome_terms(plan_json, no) -%}
    {%- set outcome = fromjson(plan_json).outcomes[no] -%}
    {%- set terms = {'kind': outcome.kind, 'after_us': outcome.after_us, 'within_us': outcome.within_us} -%}
    {%- if outcome.negated -%}{%- do terms.update({'negated': true}) -%}{%- endif -%}
    {%- if outcome.kind == 'funnel' -%}
        {%- do terms.update({'funnel': outcome.rules}) -%}
    {%- else -%}
        {%- do terms.update({'events': outcome.events | sort(case_sensitive=true), 'where': outcome.where, 'at_least': outcome.at_least}) -%}
        {%- if outcome.property is not none -%}{%- do terms.update({'property': outcome.property}) -%}{%- endif -%}
    {%- endif -%}
    {{- tojson(terms) -}}
{%- endmacro %}

{#- The rules of an aha moment as canonical JSON: its own, its clock's and its outcome's. Its md5 is the
    definition hash. -#}
{% macro aha_definition(plan_json, no) -%}
    {%- set plan = fromjson(plan_json) -%}
    {%- set moment = plan.moments[no] -%}
    {%- set definition = {
        'clock': plan.clocks[moment.clock_no].rules,
        'events': moment.events | sort(case_sensitive=true), 'where': moment.where, 'at_least': moment.at_least,
        'counted': moment.counted, 'within_us': moment.within_us,
        'timezone': plan.timezone,
    } -%}
    {%- if moment.property is not none -%}{%- do definition.update({'property': moment.property}) -%}{%- endif -%}
    {%- if moment.declared_on is not none -%}{%- do definition.update({'declared_on': moment.declared_on}) -%}{%- endif -%}
    {%- if moment.outcome_no is not none -%}
        {%- do definition.update({'outcome': fromjson(outcome_terms(plan_json, moment.outcome_no))}) -%}
    {%- endif -%}
    {{- tojson(definition, sort_keys=true) -}}
{%- endmacro %}

{#- The rules of the search as canonical JSON, salt included: another salt is another division of the
    entrants. -#}
{% macro search_definition(plan_json) -%}
    {%- set plan = fromjson(plan_json) -%}
    {%- set search = plan.search -%}
    {%- set definition = {
        'clock': plan.clocks[search.clock_no].rules,
        'outcome': fromjson(outcome_terms(plan_json, search.outcome_no)),
        'timezone': plan.timezone,
        'events': search.events | sort(case_sensitive=true) if search.events else none,
        'prerequisites': search.prerequisites | sort(case_sensitive=true),
    } -%}
    {%- for key in ['counts', 'days', 'alive_us', 'stratify_by', 'salt', 'permutations'] -%}
        {%- do definition.update({key: search[key]}) -%}
    {%- endfor -%}
    {{- tojson(definition, sort_keys=true) -}}
{%- endmacro %}
