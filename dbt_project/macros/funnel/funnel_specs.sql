{#- Complete specs of funnels, as a JSON list, from what the project's author wrote (JSON object,
    name to definition). Every option is present afterwards: this is the one place for defaults.
    What it does not know it refuses, the one exception to "text in, text out": a rule that a plain
    `dbt` passed over in silence would give another funnel's numbers under this one's name.
    `session_idle`: the idle time that ends a session, part of the rules where sessions are counted. -#}
{% macro funnel_specs(funnels_json, session_idle=none) -%}
    {%- set specs = [] -%}
    {%- for name, given in fromjson(funnels_json).items() -%}
        {{- funnel_check(name, given) -}}
        {%- set steps = fromjson(funnel_spec_steps(name, tojson(given.get('steps')))) -%}
        {%- set required = steps | rejectattr('optional') | list | length -%}
        {%- set step_window_us = duration_us(given.get('step_window')) | int if given.get('step_window') else none -%}
        {%- if given.get('window') -%}
            {%- set window_us = duration_us(given.get('window')) | int -%}
        {%- else -%}
            {%- set window_us = step_window_us * (required - 1) if step_window_us is not none else none -%}
        {%- endif -%}
        {%- set counted = given.get('count') or 'entities' -%}
        {%- do specs.append({
            'no': loop.index0,
            'name': name,
            'description': given.get('description') or '',
            'entity': given.get('entity') or 'user_id',
            'session_idle_us': duration_us(session_idle) | int if session_idle and given.get('entity') == 'session_id' else none,
            'count': counted,
            'order': given.get('order') or 'ordered',
            'anchor_first': given.get('anchor_first') or false,
            'entry': given.get('entry') or ('best' if counted == 'entries' else 'first'),
            'window_us': window_us,
            'step_window_us': step_window_us,
            'hold': given.get('hold') or [],
            'row_reuse': given.get('row_reuse') or false,
            'strict_increase': given.get('strict_increase') or false,
            'steps': steps,
            'exclude': fromjson(funnel_spec_exclusions(name, tojson(given.get('exclude') or []), tojson(steps))),
            'breakdowns': fromjson(funnel_spec_breakdowns(name, tojson(given.get('breakdowns') or []), tojson(steps), given.get('order'))),
        }) -%}
    {%- endfor -%}
    {{- tojson(specs) -}}
{%- endmacro %}

{#- Steps, complete, in JSON. `rank`: place among the required steps, which the kernel searches. -#}
{% macro funnel_spec_steps(funnel, steps_json) -%}
    {%- set ns = namespace(rank=0) -%}
    {%- set steps = [] -%}
    {%- for given in fromjson(steps_json) -%}
        {%- set step = {'name': given, 'event': given} if given is string else given -%}
        {%- set event = step.get('event') or step.get('name') -%}
        {%- set optional = step.get('optional') or false -%}
        {%- set ns.rank = ns.rank + (0 if optional else 1) -%}
        {%- do steps.append({
            'no': loop.index,
            'name': step.get('name') or (event if event is string else event | join('|')),
            'events': [event] if event is string else event,
            'where': step.get('where'),
            'optional': optional,
            'rank': none if optional else ns.rank,
        }) -%}
    {%- endfor -%}
    {%- if steps | map(attribute='name') | unique(case_sensitive=true) | list | length < steps | length -%}
        {%- do exceptions.raise_compiler_error('funnels.' ~ funnel ~ '.steps: two steps of one name') -%}
    {%- endif -%}
    {{- tojson(steps) -}}
{%- endmacro %}

{#- Exclusions, complete, in JSON; `from` and `to` are step numbers. -#}
{% macro funnel_spec_exclusions(funnel, exclusions_json, steps_json) -%}
    {%- set steps = fromjson(steps_json) -%}
    {%- set numbers = {} -%}
    {%- for step in steps -%}
        {%- do numbers.update({step.name: step.no}) -%}
    {%- endfor -%}
    {%- set found = [] -%}
    {%- for given in fromjson(exclusions_json) -%}
        {%- set exclusion = {'event': given} if given is string else given -%}
        {%- set place = 'funnels.' ~ funnel ~ '.exclude[' ~ loop.index0 ~ ']' -%}
        {{- funnel_known(place ~ ': unknown key', exclusion, ['event', 'where', 'from', 'to', 'scope']) -}}
        {{- funnel_known(place ~ '.scope:', [exclusion.get('scope') or 'attempt'], ['attempt', 'entity']) -}}
        {%- set ends = [exclusion.get('from') or steps[0].name, exclusion.get('to') or steps[-1].name] -%}
        {{- funnel_known(place ~ ': step', ends, numbers) -}}
        {%- if numbers[ends[0]] >= numbers[ends[1]] -%}
            {%- do exceptions.raise_compiler_error(place ~ ': from is not before to') -%}
        {%- endif -%}
        {%- if steps[numbers[ends[0]] - 1].optional or steps[numbers[ends[1]] - 1].optional -%}
            {%- do exceptions.raise_compiler_error(place ~ ': from and to are required steps') -%}
        {%- endif -%}
        {%- set event = exclusion.get('event') -%}
        {%- if not event -%}{%- do exceptions.raise_compiler_error(place ~ ': event is missing') -%}{%- endif -%}
        {%- do found.append({
            'no': loop.index,
            'events': [event] if event is string else event,
            'where': exclusion.get('where'),
            'from': numbers[ends[0]],
            'to': numbers[ends[1]],
            'scope': exclusion.get('scope') or 'attempt',
        }) -%}
    {%- endfor -%}
    {{- tojson(found) -}}
{%- endmacro %}

{#- Breakdowns, complete, in JSON: `at` is entry (a property of the entity), first, last or a step. -#}
{% macro funnel_spec_breakdowns(funnel, breakdowns_json, steps_json, order) -%}
    {%- set found = [] -%}
    {%- set places = ['entry', 'first', 'last'] -%}
    {%- if order != 'any' -%}{%- do places.extend(fromjson(steps_json) | map(attribute='name')) -%}{%- endif -%}
    {%- for given in fromjson(breakdowns_json) -%}
        {%- set breakdown = {'property': given} if given is string else given -%}
        {%- set place = 'funnels.' ~ funnel ~ '.breakdowns[' ~ loop.index0 ~ ']' -%}
        {{- funnel_known(place ~ ': unknown key', breakdown, ['property', 'at']) -}}
        {{- funnel_known(place ~ '.at:', [breakdown.get('at') or 'entry'], places) -}}
        {%- set at = breakdown.get('at') or 'entry' -%}
        {%- do found.append({
            'name': breakdown.get('property') ~ ('' if at == 'entry' else '@' ~ at),
            'property': breakdown.get('property'),
            'at': at,
        }) -%}
    {%- endfor -%}
    {{- tojson(found) -}}
{%- endmacro %}

{#- Nothing; raises for a key or a word that funnel_specs does not know, and for rules that do not go
    together. The command line says the same better, with line numbers. -#}
{% macro funnel_check(name, given) -%}
    {%- set place = 'funnels.' ~ name -%}
    {%- set keys = [
        'description', 'steps', 'window', 'step_window', 'order', 'anchor_first', 'entry', 'entity', 'count', 'hold',
        'row_reuse', 'strict_increase', 'exclude', 'breakdowns',
    ] -%}
    {{- funnel_known(place ~ ': unknown key', given, keys) -}}
    {{- funnel_known(place ~ '.order:', [given.get('order') or 'ordered'], ['ordered', 'strict', 'any']) -}}
    {{- funnel_known(place ~ '.entry:', [given.get('entry') or 'first'], ['first', 'best']) -}}
    {{- funnel_known(place ~ '.count:', [given.get('count') or 'entities'], ['entities', 'entries']) -}}
    {%- for step in given.get('steps') -%}
        {%- set at = place ~ '.steps[' ~ loop.index0 ~ ']: unknown key' -%}
        {{- funnel_known(at, [] if step is string else step, ['name', 'event', 'where', 'optional']) -}}
    {%- endfor -%}
    {%- for option in ['anchor_first', 'row_reuse', 'strict_increase'] -%}
        {{- funnel_known(place ~ '.' ~ option ~ ':', [given.get(option) or false], [true, false]) -}}
    {%- endfor -%}
    {%- if given.get('hold') is string -%}
        {%- do exceptions.raise_compiler_error(place ~ '.hold: write a list') -%}
    {%- endif -%}
    {%- if given.get('steps') | length < 2 -%}
        {%- do exceptions.raise_compiler_error(place ~ '.steps: a funnel has 2 to 31') -%}
    {%- endif -%}
    {%- set ends = [given.get('steps')[0], given.get('steps')[-1]] -%}
    {%- for step in ends if step is not string and step.get('optional') -%}
        {%- do exceptions.raise_compiler_error(place ~ ': the first and the last step are never optional') -%}
    {%- endfor -%}
    {%- if given.get('steps') | length > 31 or (given.get('exclude') or []) | length > 31 -%}
        {%- do exceptions.raise_compiler_error(place ~ ': at most 31 steps and 31 exclusions') -%}
    {%- endif -%}
    {%- set written = [] -%}
    {%- for key, value in given.items() if value -%}{%- do written.append(key) -%}{%- endfor -%}
    {%- for step in given.get('steps') if step is not string and step.get('optional') -%}
        {%- do written.append('optional') -%}
    {%- endfor -%}
    {%- if given.get('count') == 'entries' -%}{%- do written.append('count: entries') -%}{%- endif -%}
    {%- set apart = {'ordered': ['anchor_first'], 'strict': ['anchor_first', 'row_reuse', 'optional'], 'any': [
        'step_window', 'exclude', 'optional', 'row_reuse', 'strict_increase', 'count: entries',
    ]} -%}
    {%- set order = given.get('order') or 'ordered' -%}
    {%- for key in apart[order] if key in written -%}
        {%- do exceptions.raise_compiler_error(place ~ ': ' ~ key ~ ' does not go with order: ' ~ order) -%}
    {%- endfor -%}
    {%- if given.get('entry') and 'count: entries' in written -%}
        {%- do exceptions.raise_compiler_error(place ~ ': entry does not go with count: entries, where every entry counts') -%}
    {%- endif -%}
{%- endmacro %}

{#- Nothing; raises unless every word is one of the known. -#}
{% macro funnel_known(place, words, known) -%}
    {%- for word in words if word not in known -%}
        {%- do exceptions.raise_compiler_error(
            place ~ ' ' ~ tojson(word) ~ ' is not supported; supported: ' ~ known | join(', ')
        ) -%}
    {%- endfor -%}
{%- endmacro %}
