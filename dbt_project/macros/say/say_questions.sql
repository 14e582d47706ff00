{#- The scale of each kind of answer that has one, in JSON: kind to [lowest, highest]. -#}
{% macro say_scales() -%}
    {{- tojson({
        'nps': [0, 10], 'csat': [1, 5], 'ces': [1, 7], 'rating5': [1, 5], 'importance': [1, 5],
        'satisfaction': [1, 5], 'intent': [1, 5],
    }) -}}
{%- endmacro %}

{#- Questions, complete, in JSON: no, name, kind, feature, lo, hi, tolerance, unit, claim, columns. -#}
{% macro say_questions(given_json, features_json) -%}
    {%- set scales = fromjson(say_scales()) -%}
    {%- set features = fromjson(features_json) | map(attribute='name') | list -%}
    {%- set questions = [] -%}
    {%- set taken = [] -%}
    {%- for name, written in ((fromjson(given_json).feedback or {}).get('questions') or {}).items() -%}
        {%- set place = 'feedback.questions.' ~ name -%}
        {{- aha_mapping(place, tojson(written)) -}}
        {{- funnel_known(place ~ ': unknown key', written, [
            'kind', 'feature', 'column', 'claim', 'tolerance', 'unit', 'scale', 'description',
        ]) -}}
        {%- set kind = written.get('kind') -%}
        {{- funnel_known(place ~ '.kind:', [kind], scales | list + ['frequency', 'amount', 'choice', 'text']) -}}
        {%- if written.get('feature') is not none -%}{{- funnel_known(place ~ '.feature:', [written.feature], features) -}}{%- endif -%}
        {%- set scale = fromjson(say_scale(place ~ '.scale', kind, tojson(written.get('scale')))) -%}
        {%- set column = written.get('column') -%}
        {%- set columns = [column] if column is string else column or [] -%}
        {%- for each in columns if each in taken -%}
            {%- do exceptions.raise_compiler_error(place ~ '.column: ' ~ tojson(each) ~ ' is that of another question') -%}
        {%- endfor -%}
        {%- do taken.extend(columns) -%}
        {%- do questions.append({
            'no': loop.index0, 'name': name, 'kind': kind, 'feature': written.get('feature'),
            'lo': scale[0], 'hi': scale[1], 'tolerance': written.get('tolerance'), 'unit': written.get('unit'),
            'claim': fromjson(say_claim(place ~ '.claim', kind, tojson(written.get('claim')), given_json)),
            'columns': columns,
        }) -%}
    {%- endfor -%}
    {{- tojson(questions) -}}
{%- endmacro %}

{#- The scale of a question, in JSON: [lowest, highest], both none for a kind without one. -#}
{% macro say_scale(place, kind, scale_json) -%}
    {%- set scale = fromjson(scale_json) -%}
    {%- set own = fromjson(say_scales()).get(kind, [none, none]) -%}
    {%- if scale is none -%}
        {{- tojson(own) -}}
    {%- else -%}
        {%- if own[0] is none or kind in ['nps', 'rating5'] -%}
            {%- do exceptions.raise_compiler_error(place ~ ': not with kind ' ~ kind) -%}
        {%- endif -%}
        {%- if scale is string or scale is mapping or scale | length != 2 or scale[1] - scale[0] < 3 -%}
            {%- do exceptions.raise_compiler_error(place ~ ': write [lowest, highest], at least 3 apart') -%}
        {%- endif -%}
        {{- tojson(scale) -}}
    {%- endif -%}
{%- endmacro %}

{#- What the log says to a claim, in JSON: {events, where, measure, property, within_us}, or null. -#}
{% macro say_claim(place, kind, claim_json, given_json) -%}
    {%- set claim = fromjson(claim_json) -%}
    {%- if claim is none -%}
        null
    {%- else -%}
        {{- aha_mapping(place, claim_json) -}}
        {{- funnel_known(place ~ ': unknown key', claim, ['event', 'where', 'sum', 'count', 'within']) -}}
        {%- if kind not in ['frequency', 'amount'] or claim.get('sum') and claim.get('count') -%}
            {%- do exceptions.raise_compiler_error(place ~ ': of kind frequency or amount, with sum or count') -%}
        {%- endif -%}
        {%- set found = fromjson(aha_matched(place, claim_json)) -%}
        {%- do found.update({
            'measure': 'sum' if claim.get('sum') else claim.get('count') or 'events', 'property': claim.get('sum'),
            'within_us': aha_duration(place ~ '.within', claim.get('within')) | int,
        }) -%}
        {{- funnel_known(place ~ '.count:', [found.measure], ['events', 'days', 'sum']) -}}
        {%- if found.property -%}{{- funnel_known(place ~ '.sum:', [found.property], fromjson(given_json).event_properties or {}) -}}{%- endif -%}
        {{- tojson(found) -}}
    {%- endif -%}
{%- endmacro %}
