{#- The project's definitions, complete: the one place that reads `var('funnelkit')`, always as a
    whole (a lookup by key would fall back to this package's own file). -#}
{% macro settings() %}
    {% set given = var('funnelkit', {}) %}
    {{ return({
        'timezone': given.get('timezone') or 'UTC',
        'observed_until': given.get('observed_until'),
        'event_properties': given.get('event_properties') or {},
        'user_properties': given.get('user_properties') or {},
        'session_idle_us': funnelkit.duration_us(given.sessions.idle) | int if given.get('sessions') else none,
    }) }}
{% endmacro %}

{#- All funnels of the project as complete specs, in JSON text (see funnel_specs). -#}
{% macro project_funnels() %}
    {% set given = var('funnelkit', {}) %}
    {% set idle = given.sessions.idle if given.get('sessions') else none %}
    {{ return(funnelkit.funnel_specs(tojson(given.get('funnels') or {}), idle) | trim) }}
{% endmacro %}
