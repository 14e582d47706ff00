{#- All that is declared of outcomes, aha moments and the search, complete, as JSON: clocks, outcomes,
    pairs, moments, search, timezone. The one place for their defaults; like funnel_specs it refuses
    what it does not know. `given_json`: {outcomes, aha_moments, aha_search, timezone,
    event_properties (name to type), user_properties (name to type)}; `specs_json`: funnel_specs;
    `session_idle`: as for funnel_specs.
    A clock says whose time runs and from when: every funnel has one, and each `entity` with `entry`.
    Without a declaration there is none, so that nothing is built for nobody. -#}
{% macro aha_plan(given_json, specs_json, session_idle=none) -%}
    {%- set given = fromjson(given_json) -%}
    {%- set declared = given.outcomes or given.aha_moments or given.aha_search -%}
    {%- set outcomes = fromjson(aha_outcomes(given_json, specs_json)) -%}
    {%- set clocks = fromjson(aha_clocks(given_json, specs_json, session_idle)) if declared else [] -%}
    {%- set pairs = [] -%}
    {%- for clock in clocks -%}
        {%- for outcome in outcomes if fits_clock(tojson(outcome), tojson(clock), specs_json) | trim == 'yes' -%}
            {%- do pairs.append({'clock_no': clock.no, 'outcome_no': outcome.no}) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{- tojson({
        'timezone': given.timezone or 'UTC',
        'clocks': clocks,
        'outcomes': outcomes,
        'pairs': pairs,
        'moments': fromjson(aha_moments(given_json, tojson(clocks), tojson(outcomes), specs_json)),
        'search': fromjson(aha_search(given_json, tojson(clocks), tojson(outcomes), specs_json)),
    }) -}}
{%- endmacro %}

{#- The clocks, complete, in JSON. `rules`: all that decides when the clock starts. -#}
{% macro aha_clocks(given_json, specs_json, session_idle) -%}
    {%- set given = fromjson(given_json) -%}
    {%- set clocks = [] -%}
    {%- for spec in fromjson(specs_json) -%}
        {%- do clocks.append({
            'no': loop.index0, 'name': spec.name, 'entity': spec.entity,
            'funnel': spec.name, 'funnel_no': spec.no, 'entry': none,
            'rules': fromjson(entry_rules(tojson(spec))),
        }) -%}
    {%- endfor -%}
    {%- set users = [] -%}
    {%- for name, moment in (given.aha_moments or {}).items() -%}
        {%- do users.append(['aha_moments.' ~ name, moment]) -%}
    {%- endfor -%}
    {%- if given.aha_search -%}{%- do users.append(['aha_search', given.aha_search]) -%}{%- endif -%}
    {%- for place, user in users if user is mapping and user.get('entry') and not user.get('funnel') -%}
        {%- set entry = fromjson(clock_entry(place, tojson(user.entry))) -%}
        {%- set rules = {'entity': user.get('entity'), 'entry': entry} -%}
        {%- if session_idle and user.get('entity') == 'session_id' -%}
            {%- do rules.update({'session_idle_us': duration_us(session_idle) | int}) -%}
        {%- endif -%}
        {%- if not clocks | selectattr('rules', 'equalto', rules) | list -%}
            {%- set where = ' where ' ~ entry.where if entry.where else '' -%}
            {%- do clocks.append({
                'no': clocks | length, 'name': user.get('entity') ~ ': ' ~ entry.events | join('|') ~ where,
                'entity': user.get('entity'), 'funnel': none, 'funnel_no': none,
                'entry': entry, 'rules': rules,
            }) -%}
        {%- endif -%}
    {%- endfor -%}
    {{- tojson(clocks) -}}
{%- endmacro %}

{#- What decides a funnel's first entry, in JSON: the events of its entry; the whole definition where
    an exclusion takes entities out. -#}
{% macro entry_rules(spec_json) -%}
    {%- set spec = fromjson(spec_json) -%}
    {%- if spec.exclude | selectattr('scope', 'equalto', 'entity') | list -%}
        {{- funnel_definition(spec_json) -}}
    {%- else -%}
        {%- set steps = spec.steps if spec.order == 'any' and not spec.anchor_first else spec.steps[:1] -%}
        {%- set entries = [] -%}
        {%- for step in steps -%}
            {%- do entries.append({'events': step.events | sort(case_sensitive=true), 'where': step.where}) -%}
        {%- endfor -%}
        {%- set rules = {'entity': spec.entity, 'entry': entries} -%}
        {%- for option in ['session_idle_us', 'hold'] if spec.get(option) -%}
            {%- do rules.update({option: spec[option]}) -%}
        {%- endfor -%}
        {{- tojson(rules) -}}
    {%- endif -%}
{%- endmacro %}

{#- The events that start a clock, in JSON: {events, where}, from a name, a list or a mapping; sorted,
    since the same ones in another order are the same clock. -#}
{% macro clock_entry(place, entry_json) -%}
    {%- set written = fromjson(entry_json) -%}
    {%- set entry = written if written is mapping else {'event': written} -%}
    {{- funnel_known(place ~ '.entry: unknown key', entry, ['event', 'where']) -}}
    {%- set found = fromjson(aha_matched(place ~ '.entry', tojson(entry))) -%}
    {{- tojson({'events': found.events | sort(case_sensitive=true), 'where': found.where}) -}}
{%- endmacro %}

{#- `event` and `where` as {events, where} in JSON. -#}
{% macro aha_matched(place, given_json) -%}
    {%- set given = fromjson(given_json) -%}
    {%- set event = given.get('event') -%}
    {%- if not event -%}{%- do exceptions.raise_compiler_error(place ~ ': event is missing') -%}{%- endif -%}
    {%- set events = [event] if event is string else event -%}
    {{- tojson({'events': events | unique(case_sensitive=true) | list, 'where': given.get('where')}) -}}
{%- endmacro %}

{#- `yes` where an outcome can be looked for on a clock: one of a funnel needs the same entity. -#}
{% macro fits_clock(outcome_json, clock_json, specs_json) -%}
    {%- set outcome = fromjson(outcome_json) -%}
    {%- if outcome.kind != 'funnel' or fromjson(specs_json)[outcome.funnel_no].entity == fromjson(clock_json).entity -%}
        yes
    {%- endif -%}
{%- endmacro %}

{#- The clock of a moment or of the search, in JSON; raises where it names none. -#}
{% macro clock_of(place, given_json, clocks_json, properties_json) -%}
    {%- set given = fromjson(given_json) -%}
    {%- if given.get('funnel') -%}
        {%- if given.get('entity') or given.get('entry') -%}
            {%- do exceptions.raise_compiler_error(place ~ ': funnel has its own entity and entry; leave them out') -%}
        {%- endif -%}
        {%- set found = fromjson(clocks_json) | selectattr('funnel', 'equalto', given.funnel) | list -%}
        {{- funnel_known(place ~ '.funnel:', [given.funnel], fromjson(clocks_json) | map(attribute='funnel') | select | list) -}}
        {{- tojson(found[0]) -}}
    {%- else -%}
        {%- if not (given.get('entity') and given.get('entry')) -%}
            {%- do exceptions.raise_compiler_error(place ~ ': write funnel, or entity and entry') -%}
        {%- endif -%}
        {{- funnel_known(place ~ '.entity:', [given.entity], ['user_id', 'account_id', 'session_id'] + fromjson(properties_json) | list) -}}
        {%- set entry = fromjson(clock_entry(place, tojson(given.entry))) -%}
        {{- tojson((fromjson(clocks_json) | selectattr('entity', 'equalto', given.entity) | selectattr('entry', 'equalto', entry) | list)[0]) -}}
    {%- endif -%}
{%- endmacro %}

{#- The declared outcome of a moment or of the search, in JSON; raises where it does not fit. -#}
{% macro outcome_of(place, name, clock_json, outcomes_json, specs_json) -%}
    {{- funnel_known(place ~ '.outcome:', [name], fromjson(outcomes_json) | map(attribute='name') | list) -}}
    {%- set outcome = (fromjson(outcomes_json) | selectattr('name', 'equalto', name) | list)[0] -%}
    {%- if fits_clock(tojson(outcome), clock_json, specs_json) | trim != 'yes' -%}
        {%- do exceptions.raise_compiler_error(
            place ~ '.outcome: funnel ' ~ outcome.funnel ~ ' counts another entity than ' ~ fromjson(clock_json).entity) -%}
    {%- endif -%}
    {{- tojson(outcome) -}}
{%- endmacro %}

{#- A length of time in microseconds; raises for what has no fixed length. -#}
{% macro aha_duration(place, given) -%}
    {%- set compact = given | lower | replace(' ', '') if given is string else '' -%}
    {%- set number = compact.rstrip('abcdefghijklmnopqrstuvwxyz') -%}
    {%- set units = [
        's', 'sec', 'second', 'seconds', 'm', 'min', 'minute', 'minutes', 'h', 'hour', 'hours',
        'd', 'day', 'days', 'w', 'week', 'weeks',
    ] -%}
    {%- if not number.isdigit() or number | int < 1 or compact[number | length:] not in units -%}
        {%- do exceptions.raise_compiler_error(place ~ ': ' ~ tojson(given) ~ ' is not a length of time such as 7 days') -%}
    {%- endif -%}
    {{- duration_us(given) -}}
{%- endmacro %}

{#- Nothing; raises unless the value is a whole number from 1. -#}
{% macro aha_whole(place, value) -%}
    {%- if value is not integer or value is boolean or value < 1 -%}
        {%- do exceptions.raise_compiler_error(place ~ ': ' ~ tojson(value) ~ ' is not a whole number from 1') -%}
    {%- endif -%}
{%- endmacro %}
