{#- Declared aha moments, complete, in JSON: no, name, description, clock_no, entity, funnel, events,
    where, at_least, counted (events, days or distinct), property (what is distinct), within_us,
    outcome, outcome_no, declared_on (a date as text), breakdowns (user properties). -#}
{% macro aha_moments(given_json, clocks_json, outcomes_json, specs_json) -%}
    {%- set given = fromjson(given_json) -%}
    {%- set moments = [] -%}
    {%- for name, written in (given.aha_moments or {}).items() -%}
        {%- set place = 'aha_moments.' ~ name -%}
        {{- aha_mapping(place, tojson(written)) -}}
        {{- funnel_known(place ~ ': unknown key', written, [
            'description', 'event', 'where', 'at_least', 'count', 'within', 'outcome', 'funnel', 'entity', 'entry',
            'declared_on', 'breakdowns',
        ]) -}}
        {%- set clock = fromjson(clock_of(place, tojson(written), clocks_json, tojson(given.event_properties or {}))) -%}
        {%- set moment = {
            'no': loop.index0, 'name': name, 'description': written.get('description') or '',
            'clock_no': clock.no, 'entity': clock.entity, 'funnel': clock.funnel,
            'at_least': written.get('at_least') if written.get('at_least') is not none else 1,
            'within_us': aha_duration(place ~ '.within', written.get('within')) | int,
            'outcome': written.get('outcome'), 'outcome_no': none,
            'declared_on': written.get('declared_on'),
            'breakdowns': fromjson(moment_breakdowns(place, tojson(written), tojson(clock), given_json, specs_json)),
        } -%}
        {{- aha_whole(place ~ '.at_least', moment.at_least) -}}
        {{- aha_date(place ~ '.declared_on', moment.declared_on) -}}
        {%- do moment.update(fromjson(aha_matched(place, tojson(written)))) -%}
        {%- do moment.update(fromjson(aha_counted(place, tojson(written.get('count')), given_json))) -%}
        {%- if moment.outcome is not none -%}
            {%- set outcome = fromjson(outcome_of(place, moment.outcome, tojson(clock), outcomes_json, specs_json)) -%}
            {%- if moment.within_us > outcome.after_us -%}
                {%- do exceptions.raise_compiler_error(place ~ '.within: longer than until outcome ' ~ outcome.name ~ ' begins') -%}
            {%- endif -%}
            {%- do moment.update({'outcome_no': outcome.no}) -%}
        {%- endif -%}
        {%- do moments.append(moment) -%}
    {%- endfor -%}
    {{- tojson(moments) -}}
{%- endmacro %}

{#- What a moment counts, in JSON: {counted, property}. -#}
{% macro aha_counted(place, count_json, given_json) -%}
    {%- set count = fromjson(count_json) -%}
    {%- if count is mapping -%}
        {{- funnel_known(place ~ '.count: unknown key', count, ['distinct']) -}}
        {{- funnel_known(place ~ '.count.distinct:', [count.get('distinct')], fromjson(given_json).event_properties or {}) -}}
        {{- tojson({'counted': 'distinct', 'property': count.distinct}) -}}
    {%- else -%}
        {{- funnel_known(place ~ '.count:', [count or 'events'], ['events', 'days']) -}}
        {{- tojson({'counted': count or 'events', 'property': none}) -}}
    {%- endif -%}
{%- endmacro %}

{#- The user properties that a moment is broken down by, in JSON: its own, else those of its funnel
    that are taken at the entry. -#}
{% macro moment_breakdowns(place, written_json, clock_json, given_json, specs_json) -%}
    {%- set written = fromjson(written_json).get('breakdowns') -%}
    {%- set clock = fromjson(clock_json) -%}
    {%- if written is not none -%}
        {{- aha_names(place ~ '.breakdowns', tojson(written)) -}}
        {{- funnel_known(place ~ '.breakdowns:', written, fromjson(given_json).user_properties or {}) -}}
        {{- tojson(written) -}}
    {%- elif clock.funnel is none -%}
        []
    {%- else -%}
        {%- set found = fromjson(specs_json)[clock.funnel_no].breakdowns -%}
        {{- tojson(found | selectattr('at', 'equalto', 'entry') | map(attribute='property') | unique(case_sensitive=true) | list) -}}
    {%- endif -%}
{%- endmacro %}

{#- Nothing; raises unless a value is a list of names, each once. -#}
{% macro aha_names(place, names_json) -%}
    {%- set names = fromjson(names_json) -%}
    {%- if names is string or names is mapping or names is not iterable -%}
        {%- do exceptions.raise_compiler_error(place ~ ': write a list') -%}
    {%- endif -%}
    {%- if names | unique(case_sensitive=true) | list | length < names | length -%}
        {%- do exceptions.raise_compiler_error(place ~ ': a name twice') -%}
    {%- endif -%}
{%- endmacro %}

{#- Nothing; raises unless a value is none or a date such as 2026-03-01. -#}
{% macro aha_date(place, value) -%}
    {%- if value is not none -%}
        {%- set parts = (value ~ '').split('-') -%}
        {%- set digits = (value ~ '').replace('-', '') -%}
        {%- if parts | map('length') | list != [4, 2, 2] or not digits.isdigit() -%}
            {%- do exceptions.raise_compiler_error(place ~ ': ' ~ tojson(value) ~ ' is not a date such as 2026-03-01') -%}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}
