{#- Entities that funnels and clocks of aha moments count and that are neither users nor accounts:
    columns of fct_events. -#}
{% macro other_entities() %}
    {% set found = [] %}
    {% set counting = fromjson(funnelkit.project_funnels()) + fromjson(funnelkit.project_aha_plan()).clocks %}
    {% for each in counting if each.entity not in ['user_id', 'account_id'] + found %}
        {% do found.append(each.entity) %}
    {% endfor %}
    {{ return(found) }}
{% endmacro %}

{#- Whether an entity is a session that funnelkit cuts by idle time, not a property of the log. -#}
{% macro is_cut_session(entity) %}
    {{ return(entity == 'session_id' and 'session_id' not in funnelkit.settings().event_properties) }}
{% endmacro %}

{#- The column of funnel_events that stands for a funnel's entity. -#}
{% macro entity_keys() %}
    {% set keys = {'user_id': 'user_key', 'account_id': 'account_key'} %}
    {% for entity in funnelkit.other_entities() %}
        {% do keys.update({entity: 'fk_key_' ~ entity}) %}
    {% endfor %}
    {{ return(keys) }}
{% endmacro %}

{#- fct_events with a key for every entity that a funnel counts; where the model grows, the whole log
    of every touched entity. -#}
{% macro funnel_events() -%}
    {%- set counted = fromjson(funnelkit.project_funnels()) | map(attribute='entity') | unique | list -%}
    select
        events.*
        {%- for entity in funnelkit.other_entities() %},
        {{ entity }}_keys.entity_key as fk_key_{{ entity }}
        {%- endfor %}
    from {{ ref('fct_events') }} as events
    {%- for entity in funnelkit.other_entities() %}
    left join {{ ref('int_entity_keys') }} as {{ entity }}_keys
        on {{ entity }}_keys.entity = '{{ entity }}' and cast(events.{{ entity }} as string) = {{ entity }}_keys.entity_id
    {%- endfor %}
    {%- if funnelkit.grows() %}
    where
        {%- for entity in counted %}
        {{ 'or ' if not loop.first }}
        {%- if entity == 'user_id' -%}
        events.user_key in ({{ funnelkit.touched_users() }})
        {%- else -%}
        {{ ('events.account_key' if entity == 'account_id' else entity ~ '_keys.entity_key') }} in (
            select entity_key from {{ ref('int_touched_values') }}
            where entity = '{{ entity }}' and load_no > {{ funnelkit.grown_since() }}
        )
        {%- endif %}
        {%- else %} false
        {%- endfor %}
    {%- endif %}
{%- endmacro %}

{#- observed_until in microseconds, as SQL. -#}
{% macro observed_us() %}
    {{ return('(select observed_us from ' ~ ref('int_observed_until') ~ ')') }}
{% endmacro %}

{#- The breakdowns of all funnels, a row each: funnel, breakdown. -#}
{% macro declared_breakdowns() -%}
    {%- set ns = namespace(rows=0) -%}
    {%- for spec in fromjson(funnelkit.project_funnels()) %}
        {%- for breakdown in spec.breakdowns %}
    {{ 'union all' if ns.rows }}
            {%- set ns.rows = ns.rows + 1 %}
    select {{ funnelkit.sql_text(spec.name) }} as funnel, {{ funnelkit.sql_text(breakdown.name) }} as breakdown
        {%- endfor %}
    {%- endfor %}
    {%- if not ns.rows %}
    select cast(null as string) as funnel, cast(null as string) as breakdown where false
    {%- endif %}
{%- endmacro %}

{#- Joins to what has the id behind an entity's key; joined_entity_id() names it. -#}
{% macro entity_id_joins(key, entity) -%}
    left join {{ ref('dim_users') }} as users
        on {{ key }} = users.user_key and {{ entity }} = 'user_id'
    left join {{ ref('dim_accounts') }} as accounts
        on {{ key }} = accounts.account_key and {{ entity }} = 'account_id'
    left join {{ ref('int_entity_keys') }} as others
        on {{ key }} = others.entity_key and {{ entity }} = others.entity
{%- endmacro %}

{% macro joined_entity_id() -%}
    coalesce(users.user_id, accounts.account_id, others.entity_id)
{%- endmacro %}
