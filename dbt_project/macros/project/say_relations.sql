{#- What the project declares of features and feedback, complete, in JSON text (see say_plan). -#}
{% macro project_say_plan() %}
    {# Once a node, as project_funnels. #}
    {% if model is defined and model.get('fk_say_plan') %}
        {{ return(model.fk_say_plan) }}
    {% endif %}
    {% set given = var('funnelkit', {}) %}
    {% set written = {} %}
    {% for key in ['features', 'feedback', 'segments', 'revenue', 'timezone', 'event_properties', 'user_properties', 'aha_moments'] %}
        {% do written.update({key: funnelkit.dates_as_text(given.get(key))}) %}
    {% endfor %}
    {% set plan = funnelkit.say_plan(tojson(written)) | trim %}
    {% if model is defined %}{% do model.update({'fk_say_plan': plan}) %}{% endif %}
    {{ return(plan) }}
{% endmacro %}

{#- A value with its dates as text, at any depth: YAML reads a date, which JSON does not know. -#}
{% macro dates_as_text(value) %}
    {% if value is mapping %}
        {% set found = {} %}
        {% for key, each in value.items() %}
            {% do found.update({key: funnelkit.dates_as_text(each)}) %}
        {% endfor %}
        {{ return(found) }}
    {% elif value is sequence and value is not string %}
        {% set listed = [] %}
        {% for each in value %}
            {% do listed.append(funnelkit.dates_as_text(each)) %}
        {% endfor %}
        {{ return(listed) }}
    {% endif %}
    {{ return(value if value is none or value is string or value is number or value is boolean else value ~ '') }}
{% endmacro %}

{#- Values of users at some times (see said_values): `asked` as there. -#}
{% macro values_at(asked, keys, at) -%}
    {%- set settings = funnelkit.settings() -%}
    {%- set own = settings.user_properties | map('lower') | list -%}
    {%- set columns = [
        'event_no bigint', 'event_id string', 'anonymous_id string', 'event_name string', 'session_id string',
        'properties string', 'untyped_values string', 'occurred_at timestamp', 'received_at timestamp',
    ] -%}
    {%- for name, type in settings.event_properties.items() if name | lower not in own + ['session_id'] -%}
        {%- do columns.append(name ~ ' ' ~ funnelkit.sql_type(type)) -%}
    {%- endfor -%}
    {{ funnelkit.said_values(
        asked, keys, at, ref('int_user_rows'), ref('dim_users'), settings.user_properties,
        fromjson(funnelkit.project_say_plan()).segments, columns
    ) }}
{%- endmacro %}

{#- The first event of the log in microseconds, as SQL: before it nothing was seen. -#}
{% macro log_start_us() %}
    {{ return('(select ' ~ funnelkit.epoch_us('first_event_at') ~ ' from ' ~ ref('int_observed_until') ~ ')') }}
{% endmacro %}

{#- What customers paid at some time: wave_no, customer_id, revenue_cents, the latest that was told of
    any of its users by then. `asked` has wave_no, customer_id and asked_at. -#}
{% macro customer_revenue(asked) -%}
    select asked.wave_no, asked.customer_id, told.revenue_cents
    from {{ asked }} as asked
    inner join {{ ref('int_customer_revenue') }} as told
        on asked.customer_id = told.customer_id and told.valid_from <= asked.asked_at
    qualify row_number() over (
        partition by asked.wave_no, asked.customer_id order by told.valid_from desc, told.user_id
    ) = 1
{%- endmacro %}
