{#- Outcomes, complete, in JSON: no, name, description, kind (event, sum or funnel), negated, events,
    where, property, at_least, funnel, funnel_no, rules (its funnel's definition), after_us, within_us.
    Looked for in [entry + after, entry + after + within); of a funnel no longer than its own window. -#}
{% macro aha_outcomes(given_json, specs_json) -%}
    {%- set given = fromjson(given_json) -%}
    {%- set outcomes = [] -%}
    {%- for name, written in (given.outcomes or {}).items() -%}
        {%- set place = 'outcomes.' ~ name -%}
        {{- aha_mapping(place, tojson(written)) -}}
        {%- set negated = written.get('not') is not none -%}
        {%- set rules = fromjson(outcome_rules(place, name, tojson(written), given_json)) -%}
        {%- set outcome = {'no': loop.index0, 'name': name, 'description': written.get('description') or '', 'negated': negated} -%}
        {%- do outcome.update(fromjson(plain_outcome(place ~ ('.not' if negated else ''), tojson(rules), given_json, specs_json))) -%}
        {%- do outcomes.append(outcome) -%}
    {%- endfor -%}
    {{- tojson(outcomes) -}}
{%- endmacro %}

{#- The rules of an outcome, or of the one that it is the opposite of, in JSON. -#}
{% macro outcome_rules(place, name, written_json, given_json) -%}
    {%- set written = fromjson(written_json) -%}
    {%- set opposite = written.get('not') -%}
    {%- if opposite is none -%}
        {{- funnel_known(place ~ ': unknown key', written, ['description', 'not', 'event', 'where', 'sum', 'at_least', 'funnel', 'after', 'within']) -}}
        {{- written_json -}}
    {%- else -%}
        {{- funnel_known(place ~ ': beside not,', written, ['description', 'not']) -}}
        {%- if opposite is string -%}
            {%- set all = fromjson(given_json).outcomes -%}
            {%- set others = [] -%}
            {%- for other in all if other != name -%}{%- do others.append(other) -%}{%- endfor -%}
            {{- funnel_known(place ~ '.not:', [opposite], others) -}}
            {{- aha_mapping('outcomes.' ~ opposite, tojson(all[opposite])) -}}
            {%- set opposite = all[opposite] -%}
        {%- else -%}
            {{- aha_mapping(place ~ '.not', tojson(opposite)) -}}
            {{- funnel_known(place ~ '.not: unknown key', opposite, ['event', 'where', 'sum', 'at_least', 'funnel', 'after', 'within']) -}}
        {%- endif -%}
        {%- if opposite.get('not') is not none -%}
            {%- do exceptions.raise_compiler_error(place ~ '.not: names an outcome that is an opposite itself') -%}
        {%- endif -%}
        {{- tojson(opposite) -}}
    {%- endif -%}
{%- endmacro %}

{#- What an outcome without `not` looks for, in JSON. -#}
{% macro plain_outcome(place, rules_json, given_json, specs_json) -%}
    {%- set rules = fromjson(rules_json) -%}
    {%- if (rules.get('event') is none) == (rules.get('funnel') is none) -%}
        {%- do exceptions.raise_compiler_error(place ~ ': write event or funnel, and not both') -%}
    {%- endif -%}
    {%- set outcome = {
        'kind': 'funnel' if rules.get('funnel') else 'sum' if rules.get('sum') else 'event',
        'events': [], 'where': none, 'property': rules.get('sum'), 'at_least': rules.get('at_least'),
        'funnel': rules.get('funnel'), 'funnel_no': none, 'rules': none,
        'after_us': aha_duration(place ~ '.after', rules.get('after')) | int,
        'within_us': aha_duration(place ~ '.within', rules.get('within')) | int,
    } -%}
    {%- if outcome.at_least is not none -%}{{- aha_whole(place ~ '.at_least', outcome.at_least) -}}{%- endif -%}
    {%- if outcome.kind == 'funnel' -%}
        {%- do outcome.update(fromjson(funnel_outcome(place, rules_json, tojson(outcome), specs_json))) -%}
    {%- else -%}
        {%- do outcome.update(fromjson(aha_matched(place, rules_json))) -%}
        {%- if outcome.kind == 'event' -%}
            {%- do outcome.update({'at_least': outcome.at_least or 1}) -%}
        {%- else -%}
            {{- summed_property(place, outcome.property, outcome.at_least, given_json) -}}
        {%- endif -%}
    {%- endif -%}
    {{- tojson(outcome) -}}
{%- endmacro %}

{#- Number and window of an outcome's funnel, in JSON; raises where no time is left to look at. -#}
{% macro funnel_outcome(place, rules_json, outcome_json, specs_json) -%}
    {%- set rules = fromjson(rules_json) -%}
    {%- set outcome = fromjson(outcome_json) -%}
    {%- for key in ['where', 'sum', 'at_least'] if rules.get(key) is not none -%}
        {%- do exceptions.raise_compiler_error(place ~ ': ' ~ key ~ ' does not go with funnel, whose steps say it') -%}
    {%- endfor -%}
    {{- funnel_known(place ~ '.funnel:', [outcome.funnel], fromjson(specs_json) | map(attribute='name') | list) -}}
    {%- set spec = (fromjson(specs_json) | selectattr('name', 'equalto', outcome.funnel) | list)[0] -%}
    {%- if spec.window_us is not none and outcome.after_us >= spec.window_us -%}
        {%- do exceptions.raise_compiler_error(place ~ '.after: not before the end of the window of funnel ' ~ spec.name) -%}
    {%- endif -%}
    {%- set left = spec.window_us - outcome.after_us if spec.window_us is not none else outcome.within_us -%}
    {{- tojson({
        'funnel_no': spec.no,
        'within_us': [outcome.within_us, left] | min,
        'rules': fromjson(funnel_definition(tojson(spec))),
    }) -}}
{%- endmacro %}

{#- Nothing; raises unless a property can be summed: a sum of other numbers depends on the order of rows. -#}
{% macro summed_property(place, property, at_least, given_json) -%}
    {%- set types = fromjson(given_json).event_properties or {} -%}
    {{- funnel_known(place ~ '.sum:', [property], types) -}}
    {%- set type = types[property] | lower | trim -%}
    {%- if not (type.startswith('integer') or type.startswith('bigint') or type.startswith('decimal')) -%}
        {%- do exceptions.raise_compiler_error(place ~ '.sum: ' ~ property ~ ' is ' ~ type ~ '; sum needs integer, bigint or decimal') -%}
    {%- endif -%}
    {%- if at_least is none -%}{%- do exceptions.raise_compiler_error(place ~ '.at_least is missing: how much the sum must be') -%}{%- endif -%}
{%- endmacro %}

{#- Nothing; raises for what is not a mapping. -#}
{% macro aha_mapping(place, given_json) -%}
    {%- if fromjson(given_json) is not mapping -%}
        {%- do exceptions.raise_compiler_error(place ~ ': write a mapping of key: value') -%}
    {%- endif -%}
{%- endmacro %}
