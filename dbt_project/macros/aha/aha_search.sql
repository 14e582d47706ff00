{#- The declared search, complete, in JSON; null without one: clock_no, clock, entity, funnel, outcome,
    outcome_no, counts, days, alive_us, xmax_us (the longest exposure window), landmark_us (end of the
    time in which a sign of life is asked for), stratify_by, events (null: all), prerequisites, salt,
    permutations. -#}
{% macro aha_search(given_json, clocks_json, outcomes_json, specs_json) -%}
    {%- set given = fromjson(given_json) -%}
    {%- set written = given.aha_search -%}
    {%- if written -%}
        {{- aha_mapping('aha_search', tojson(written)) -}}
        {{- funnel_known('aha_search: unknown key', written, [
            'funnel', 'entity', 'entry', 'outcome', 'counts', 'days', 'alive', 'stratify_by', 'events', 'prerequisites', 'salt',
        ]) -}}
        {%- if not written.get('outcome') -%}{%- do exceptions.raise_compiler_error('aha_search: outcome is missing') -%}{%- endif -%}
        {%- set clock = fromjson(clock_of('aha_search', tojson(written), clocks_json, tojson(given.event_properties or {}))) -%}
        {%- set outcome = fromjson(outcome_of('aha_search', written.outcome, tojson(clock), outcomes_json, specs_json)) -%}
        {%- set events = [written.events] if written.get('events') is string else written.get('events') -%}
        {%- set search = {
            'clock_no': clock.no, 'clock': clock.name, 'entity': clock.entity, 'funnel': clock.funnel,
            'outcome': outcome.name, 'outcome_no': outcome.no,
            'counts': written.get('counts') or [1, 2, 3, 5, 7, 10],
            'days': written.get('days') or [1, 3, 7, 14],
            'alive_us': aha_duration('aha_search.alive', written.get('alive') or '7 days') | int,
            'stratify_by': written.get('stratify_by') or [],
            'events': events,
            'prerequisites': written.get('prerequisites') or [],
            'salt': written.get('salt') or 'funnelkit',
            'permutations': 2000,
        } -%}
        {{- aha_grid('aha_search.counts', tojson(search.counts)) -}}
        {{- aha_grid('aha_search.days', tojson(search.days)) -}}
        {{- aha_names('aha_search.events', tojson(events or [])) -}}
        {{- aha_names('aha_search.prerequisites', tojson(search.prerequisites)) -}}
        {{- aha_names('aha_search.stratify_by', tojson(search.stratify_by)) -}}
        {{- funnel_known('aha_search.stratify_by:', search.stratify_by, given.user_properties or {}) -}}
        {%- set xmax_us = search.days[-1] * 86400000000 -%}
        {%- do search.update({'xmax_us': xmax_us, 'landmark_us': xmax_us + search.alive_us}) -%}
        {%- if search.landmark_us > outcome.after_us -%}
            {%- do exceptions.raise_compiler_error(
                'aha_search: the longest of days and alive together end after outcome ' ~ outcome.name ~ ' begins') -%}
        {%- endif -%}
        {{- tojson(search) -}}
    {%- else -%}
        null
    {%- endif -%}
{%- endmacro %}

{#- Nothing; raises unless a grid is 1 to 50 whole numbers, ascending, each once. -#}
{% macro aha_grid(place, grid_json) -%}
    {%- set grid = fromjson(grid_json) -%}
    {%- if grid is string or grid is mapping or grid is not iterable or grid | length > 50 -%}
        {%- do exceptions.raise_compiler_error(place ~ ': write a list of at most 50 whole numbers') -%}
    {%- endif -%}
    {%- for number in grid -%}
        {{- aha_whole(place, number) -}}
        {%- if loop.index0 and number <= grid[loop.index0 - 1] -%}
            {%- do exceptions.raise_compiler_error(place ~ ': write each number once, the smallest first') -%}
        {%- endif -%}
    {%- endfor -%}
{%- endmacro %}
