{#- Complete specs of funnels, as a JSON list, from what the project's author wrote (JSON object,
    name to definition). Every option is present afterwards: this is the one place for defaults. -#}
{% macro funnel_specs(funnels_json) -%}
    {%- set specs = [] -%}
    {%- for name, given in fromjson(funnels_json).items() -%}
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
