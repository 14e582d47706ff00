{#- All that is declared of features and feedback, complete, as JSON: timezone, revenue, version,
    features, questions, waves, weights, themes, labels, segments, declared. The one place for their
    defaults; like funnel_specs it refuses what it does not know. `given_json`: {features, feedback,
    segments, revenue, timezone, event_properties, user_properties, aha_moments}, dates as text. -#}
{% macro say_plan(given_json) -%}
    {%- set given = fromjson(given_json) -%}
    {%- set feedback = given.feedback or {} -%}
    {{- aha_mapping('feedback', tojson(feedback)) -}}
    {{- funnel_known('feedback: unknown key', feedback, ['version', 'questions', 'waves', 'weights', 'themes', 'labels']) -}}
    {%- set features = fromjson(say_features(given_json)) -%}
    {%- if given.revenue -%}{{- say_revenue(given_json) -}}{%- endif -%}
    {{- tojson({
        'timezone': given.timezone or 'UTC',
        'declared': true if given.features or feedback else false,
        'revenue': given.revenue or none,
        'version': feedback.get('version') ~ '' if feedback.get('version') is not none else none,
        'features': features,
        'questions': fromjson(say_questions(given_json, tojson(features))),
        'waves': fromjson(say_waves(tojson(feedback.get('waves')))),
        'weights': fromjson(say_weights(given_json)),
        'themes': fromjson(say_themes(given_json, tojson(features))),
        'labels': feedback.get('labels'),
        'segments': given.segments or {},
    }) -}}
{%- endmacro %}

{#- Features, complete, in JSON: no, name, description, events, where, used_days, regular_days,
    within_us, released_on (a date as text), entitlement, topics, success. -#}
{% macro say_features(given_json) -%}
    {%- set features = [] -%}
    {%- for name, written in (fromjson(given_json).features or {}).items() -%}
        {%- set place = 'features.' ~ name -%}
        {{- aha_mapping(place, tojson(written)) -}}
        {{- funnel_known(place ~ ': unknown key', written, [
            'description', 'events', 'where', 'used', 'regular', 'released_on', 'entitlement', 'topics', 'success',
        ]) -}}
        {%- set used = written.get('used') or {} -%}
        {%- set regular = written.get('regular') or {} -%}
        {{- funnel_known(place ~ '.used: unknown key', used, ['days', 'within']) -}}
        {{- funnel_known(place ~ '.regular: unknown key', regular, ['days']) -}}
        {%- set used_days = used.days if used.get('days') is not none else 2 -%}
        {{- aha_whole(place ~ '.used.days', used_days) -}}
        {%- set within_us = aha_duration(place ~ '.used.within', used.get('within') or '28 days') | int -%}
        {%- set most = within_us // 86400000000 -%}
        {%- if within_us % 86400000000 or most < used_days -%}
            {%- do exceptions.raise_compiler_error(place ~ '.used.within: write whole days, at least used.days') -%}
        {%- endif -%}
        {%- set regular_days = regular.days if regular.get('days') is not none else [[4, used_days] | max, most] | min -%}
        {{- aha_whole(place ~ '.regular.days', regular_days) -}}
        {%- if regular_days < used_days or regular_days > most -%}
            {%- do exceptions.raise_compiler_error(place ~ '.regular.days: from used.days to the days of used.within') -%}
        {%- endif -%}
        {{- aha_date(place ~ '.released_on', written.get('released_on')) -}}
        {%- set topics = written.get('topics') or [] -%}
        {{- aha_names(place ~ '.topics', tojson(topics)) -}}
        {%- if written.get('topics') is not none and not topics -%}
            {%- do exceptions.raise_compiler_error(place ~ '.topics: none') -%}
        {%- endif -%}
        {%- set feature = {
            'no': loop.index0, 'name': name, 'description': written.get('description') or '',
            'used_days': used_days, 'regular_days': regular_days, 'within_us': within_us,
            'released_on': written.get('released_on'), 'entitlement': written.get('entitlement'),
            'topics': topics, 'success': none,
        } -%}
        {%- do feature.update(fromjson(aha_matched(place, tojson({'event': written.get('events'), 'where': written.get('where')})))) -%}
        {%- if written.get('success') is not none -%}
            {%- do feature.update({'success': fromjson(say_success(place ~ '.success', tojson(written.success)))}) -%}
        {%- endif -%}
        {%- do features.append(feature) -%}
    {%- endfor -%}
    {{- tojson(features) -}}
{%- endmacro %}

{#- When a task is done, in JSON: {events, where, within_us}. -#}
{% macro say_success(place, written_json) -%}
    {%- set written = fromjson(written_json) -%}
    {{- aha_mapping(place, written_json) -}}
    {{- funnel_known(place ~ ': unknown key', written, ['event', 'where', 'within']) -}}
    {%- set found = fromjson(aha_matched(place, written_json)) -%}
    {%- do found.update({'within_us': aha_duration(place ~ '.within', written.get('within')) | int}) -%}
    {{- tojson(found) -}}
{%- endmacro %}

{#- Nothing; raises unless `revenue` is a user property of whole numbers. -#}
{% macro say_revenue(given_json) -%}
    {%- set given = fromjson(given_json) -%}
    {{- funnel_known('revenue:', [given.revenue], given.user_properties or {}) -}}
    {%- if given.user_properties[given.revenue] | lower not in ['integer', 'bigint'] -%}
        {%- do exceptions.raise_compiler_error('revenue: ' ~ given.revenue ~ ' is no integer or bigint') -%}
    {%- endif -%}
{%- endmacro %}

{#- Themes, in JSON: {name, feature, topics}, the features with topics first. -#}
{% macro say_themes(given_json, features_json) -%}
    {%- set themes = [] -%}
    {%- for feature in fromjson(features_json) if feature.topics -%}
        {%- do themes.append({'name': feature.name, 'feature': feature.name, 'topics': feature.topics}) -%}
    {%- endfor -%}
    {%- set names = fromjson(features_json) | map(attribute='name') | map('lower') | list -%}
    {%- for name, topics in ((fromjson(given_json).feedback or {}).get('themes') or {}).items() -%}
        {%- set place = 'feedback.themes.' ~ name -%}
        {{- aha_names(place, tojson(topics)) -}}
        {%- if not topics or name | lower in names -%}
            {%- do exceptions.raise_compiler_error(place ~ ': no topics, or the name of a feature') -%}
        {%- endif -%}
        {%- do themes.append({'name': name, 'feature': none, 'topics': topics}) -%}
    {%- endfor -%}
    {{- tojson(themes) -}}
{%- endmacro %}

{#- What weights are raked on beside active days and tenure, in JSON: {by, segments, aha}. -#}
{% macro say_weights(given_json) -%}
    {%- set given = fromjson(given_json) -%}
    {%- set weights = (given.feedback or {}).get('weights') or {} -%}
    {{- funnel_known('feedback.weights: unknown key', weights, ['by', 'segments', 'aha']) -}}
    {{- aha_names('feedback.weights.by', tojson(weights.get('by') or [])) -}}
    {{- funnel_known('feedback.weights.by:', weights.get('by') or [], given.user_properties or {}) -}}
    {{- aha_names('feedback.weights.segments', tojson(weights.get('segments') or [])) -}}
    {{- funnel_known('feedback.weights.segments:', weights.get('segments') or [], given.segments or {}) -}}
    {{- funnel_known('feedback.weights.aha:', [weights.aha] if weights.get('aha') else [], given.aha_moments or {}) -}}
    {{- tojson({'by': weights.get('by') or [], 'segments': weights.get('segments') or [], 'aha': weights.get('aha')}) -}}
{%- endmacro %}

{#- Rounds of asking, in JSON: {kind: all, month, quarter or declared, list: {no, name, from, to}}. -#}
{% macro say_waves(waves_json) -%}
    {%- set waves = fromjson(waves_json) -%}
    {%- if waves is mapping and waves -%}
        {%- set found = [] -%}
        {%- for name, written in waves.items() -%}
            {%- set place = 'feedback.waves.' ~ name -%}
            {{- aha_mapping(place, tojson(written)) -}}
            {{- funnel_known(place ~ ': unknown key', written, ['from', 'to']) -}}
            {%- for key in ['from', 'to'] -%}
                {%- if written.get(key) is none -%}{%- do exceptions.raise_compiler_error(place ~ ': from and to are days') -%}{%- endif -%}
                {{- aha_date(place ~ '.' ~ key, written.get(key)) -}}
            {%- endfor -%}
            {%- if written.to < written.from -%}{%- do exceptions.raise_compiler_error(place ~ ': to is before from') -%}{%- endif -%}
            {%- for other in found if written.from <= other.to and other.from <= written.to -%}
                {%- do exceptions.raise_compiler_error(place ~ ': has days of ' ~ other.name) -%}
            {%- endfor -%}
            {%- do found.append({'no': loop.index0, 'name': name, 'from': written.from, 'to': written.to}) -%}
        {%- endfor -%}
        {{- tojson({'kind': 'declared', 'list': found}) -}}
    {%- else -%}
        {{- funnel_known('feedback.waves:', [waves] if waves else [], ['month', 'quarter']) -}}
        {{- tojson({'kind': waves or 'all', 'list': []}) -}}
    {%- endif -%}
{%- endmacro %}
