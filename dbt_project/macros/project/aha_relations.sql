{#- What the project declares of outcomes, aha moments and the search, complete, in JSON text (see
    aha_plan). -#}
{% macro project_aha_plan() %}
    {# Once a node, as project_funnels. #}
    {% if model is defined and model.get('fk_aha_plan') %}
        {{ return(model.fk_aha_plan) }}
    {% endif %}
    {% set given = var('funnelkit', {}) %}
    {% set written = {
        'outcomes': given.get('outcomes') or {},
        'aha_moments': funnelkit.with_text_dates(given.get('aha_moments') or {}),
        'aha_search': given.get('aha_search'),
        'timezone': given.get('timezone'),
        'event_properties': given.get('event_properties') or {},
        'user_properties': given.get('user_properties') or {},
    } %}
    {% set idle = given.sessions.idle if given.get('sessions') else none %}
    {% set plan = funnelkit.aha_plan(tojson(written), funnelkit.project_funnels(), idle) | trim %}
    {% if model is defined %}{% do model.update({'fk_aha_plan': plan}) %}{% endif %}
    {{ return(plan) }}
{% endmacro %}

{#- Aha moments with their dates as text: YAML reads a date, which JSON does not know. -#}
{% macro with_text_dates(moments) %}
    {% set found = {} %}
    {% for name, moment in moments.items() %}
        {% if moment is mapping and moment.get('declared_on') %}
            {% set copied = {} %}
            {% do copied.update(moment) %}
            {% do copied.update({'declared_on': moment.declared_on ~ ''}) %}
            {% do found.update({name: copied}) %}
        {% else %}
            {% do found.update({name: moment}) %}
        {% endif %}
    {% endfor %}
    {{ return(found) }}
{% endmacro %}
