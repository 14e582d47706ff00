{#- The project's definitions, complete: the one place that reads `var('funnelkit')`, always as a
    whole (a lookup by key would fall back to this package's own file). -#}
{% macro settings() %}
    {% set given = var('funnelkit', {}) %}
    {{ return({
        'timezone': given.get('timezone') or 'UTC',
        'observed_until': given.get('observed_until') ~ '' if given.get('observed_until') else none,
        'as_of': given.get('as_of') ~ '' if given.get('as_of') else none,
        'events_model': funnelkit.events_model(given.get('events') or {}),
        'event_properties': given.get('event_properties') or {},
        'user_properties': given.get('user_properties') or {},
        'session_idle_us': funnelkit.duration_us(given.sessions.idle) | int if given.get('sessions') else none,
        'identity': funnelkit.identity_settings(given.get('identity') or {}),
        'quality': funnelkit.quality_settings(given.get('quality') or {}),
    }) }}
{% endmacro %}

{#- The model that stands for raw.events; none for raw.events itself. -#}
{% macro events_model(given) %}
    {% do funnelkit.known_keys('events', given, ['model']) %}
    {% if given and not given.get('model') %}
        {% do exceptions.raise_compiler_error('events: write {model: my_events}') %}
    {% endif %}
    {{ return(given.get('model')) }}
{% endmacro %}

{#- Whose anonymous events are, and what is too much to be one person. -#}
{% macro identity_settings(given) %}
    {% do funnelkit.known_keys('identity', given, ['shared_devices', 'max_users_per_device', 'max_ids_per_person']) %}
    {% set found = {'shared_devices': 'first', 'max_users_per_device': 20, 'max_ids_per_person': 100} %}
    {% for key, value in given.items() if value is not none %}
        {% do found.update({key: value}) %}
    {% endfor %}
    {% do funnelkit.funnel_known('identity.shared_devices:', [found.shared_devices], ['first', 'last', 'none']) %}
    {% for key in ['max_users_per_device', 'max_ids_per_person'] %}
        {% do funnelkit.whole_number('identity.' ~ key, found[key], 2 if key == 'max_ids_per_person' else 1) %}
    {% endfor %}
    {{ return(found) }}
{% endmacro %}

{#- What is dropped, flagged and excluded, and the shares of raw event rows that fail the build. -#}
{% macro quality_settings(given) %}
    {% do funnelkit.known_keys('quality', given, ['near_duplicates', 'clock_skew', 'exclude', 'fail_over']) %}
    {% set skew = given.get('clock_skew') or {} %}
    {% do funnelkit.known_keys('quality.clock_skew', skew, ['over', 'then']) %}
    {% do funnelkit.funnel_known('quality.clock_skew.then:', [skew.get('then') or 'reject'], ['reject', 'flag']) %}
    {% set near = given.get('near_duplicates') %}
    {{ return({
        'near_duplicates_us': funnelkit.duration_us(near) | int if near else none,
        'skew_us': funnelkit.duration_us(skew.get('over') or '1 day') | int,
        'skew_then': skew.get('then') or 'reject',
        'exclude': funnelkit.exclusion_rules(given.get('exclude') or []),
        'fail_over': funnelkit.quality_limits(given.get('fail_over') or {}),
    }) }}
{% endmacro %}

{#- Rules that take events or whole users out: name, and SQL or none for events and for users, and
    the file of ids or none. -#}
{% macro exclusion_rules(rules) %}
    {% set found = [] %}
    {% for given in rules %}
        {% set place = 'quality.exclude[' ~ loop.index0 ~ ']' %}
        {% do funnelkit.known_keys(place, given, ['name', 'events', 'users', 'list']) %}
        {% if not given.get('name') or given.get('name') in found | map(attribute='name') %}
            {% do exceptions.raise_compiler_error(place ~ '.name: give every rule a name of its own') %}
        {% endif %}
        {% if not (given.get('events') or given.get('users') or given.get('list')) %}
            {% do exceptions.raise_compiler_error(place ~ ': write events, users or list') %}
        {% endif %}
        {% do found.append({
            'name': given.get('name'),
            'events': given.get('events') or none,
            'users': given.get('users') or none,
            'list': given.get('list') or none,
        }) %}
    {% endfor %}
    {{ return(found) }}
{% endmacro %}

{#- Shares of raw event rows by outcome. -#}
{% macro quality_limits(given) %}
    {% do funnelkit.known_keys('quality.fail_over', given, ['duplicate', 'excluded', 'late', 'rejected']) %}
    {% set found = {} %}
    {% for outcome, share in given.items() if share is not none %}
        {% if share is not number or share is boolean or share < 0 or share > 1 %}
            {% do exceptions.raise_compiler_error(
                'quality.fail_over.' ~ outcome ~ ': ' ~ tojson(share) ~ ' is not a share from 0 to 1') %}
        {% endif %}
        {% do found.update({outcome: share}) %}
    {% endfor %}
    {{ return(found) }}
{% endmacro %}

{#- Nothing; raises for what is not a mapping, or has a key that is not known. -#}
{% macro known_keys(place, given, known) %}
    {% if given is not mapping %}
        {% do exceptions.raise_compiler_error(place ~ ': write a mapping of key: value') %}
    {% endif %}
    {% do funnelkit.funnel_known(place ~ ': unknown key', given, known) %}
{% endmacro %}

{#- Nothing; raises unless the value is a whole number of at least `least`. -#}
{% macro whole_number(place, value, least) %}
    {% if value is not integer or value is boolean or value < least %}
        {% do exceptions.raise_compiler_error(place ~ ': ' ~ tojson(value) ~ ' is not a whole number from ' ~ least) %}
    {% endif %}
{% endmacro %}

{#- All funnels of the project as complete specs, in JSON text (see funnel_specs). -#}
{% macro project_funnels() %}
    {# Once a node: a model asks many times, and reading the definitions takes its time. #}
    {% if model is defined and model.get('fk_funnels') %}
        {{ return(model.fk_funnels) }}
    {% endif %}
    {% set given = var('funnelkit', {}) %}
    {% set idle = given.sessions.idle if given.get('sessions') else none %}
    {% set specs = funnelkit.funnel_specs(tojson(given.get('funnels') or {}), idle) | trim %}
    {% if model is defined %}{% do model.update({'fk_funnels': specs}) %}{% endif %}
    {{ return(specs) }}
{% endmacro %}
