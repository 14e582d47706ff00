{#- Complete specs of funnels, as a JSON list, from what the project's author wrote (JSON object,
    name to definition). Every option is present afterwards: this is the one place for defaults.
    What it does not know it refuses, the one exception to "text in, text out": a rule that a plain
    `dbt` passed over in silence would give another funnel's numbers under this one's name. -#}
{% macro funnel_specs(funnels_json) -%}
    {%- set specs = [] -%}
    {%- for name, given in fromjson(funnels_json).items() -%}
        {{- funnel_check(name, given) -}}
        {%- set steps = [] -%}
        {%- for step in given.get('steps') -%}
            {%- set step = {'name': step, 'event': step} if step is string else step -%}
            {%- set event = step.get('event') or step.get('name') -%}
            {%- do steps.append({
                'no': loop.index,
                'name': step.get('name') or (event if event is string else event | join('|')),
                'events': [event] if event is string else event,
                'where': step.get('where'),
            }) -%}
        {%- endfor -%}
        {%- set breakdowns = [] -%}
        {%- for property in given.get('breakdowns') or [] -%}
            {%- do breakdowns.append({'name': property, 'property': property, 'at': 'entry'}) -%}
        {%- endfor -%}
        {%- set window = given.get('window') -%}
        {%- do specs.append({
            'no': loop.index0,
            'name': name,
            'description': given.get('description') or '',
            'entity': given.get('entity') or 'user_id',
            'order': given.get('order') or 'ordered',
            'entry': given.get('entry') or 'first',
            'window_us': duration_us(window) | int if window else none,
            'steps': steps,
            'breakdowns': breakdowns,
        }) -%}
    {%- endfor -%}
    {{- tojson(specs) -}}
{%- endmacro %}

{#- Nothing; raises for a key, an order or an entry that funnel_specs does not know. -#}
{% macro funnel_check(name, given) -%}
    {%- set place = 'funnels.' ~ name -%}
    {%- set keys = ['description', 'steps', 'window', 'order', 'entry', 'entity', 'breakdowns'] -%}
    {{- funnel_known(place ~ ': unknown key', given, keys) -}}
    {{- funnel_known(place ~ '.order:', [given.get('order') or 'ordered'], ['ordered']) -}}
    {{- funnel_known(place ~ '.entry:', [given.get('entry') or 'first'], ['first', 'best']) -}}
    {%- for step in given.get('steps') -%}
        {%- set at = place ~ '.steps[' ~ loop.index0 ~ ']: unknown key' -%}
        {{- funnel_known(at, [] if step is string else step, ['name', 'event', 'where']) -}}
    {%- endfor -%}
{%- endmacro %}

{#- Nothing; raises unless every word is one of the known. -#}
{% macro funnel_known(place, words, known) -%}
    {%- for word in words if word not in known -%}
        {%- do exceptions.raise_compiler_error(
            place ~ ' ' ~ tojson(word) ~ ' is not supported; supported: ' ~ known | join(', ')
        ) -%}
    {%- endfor -%}
{%- endmacro %}
