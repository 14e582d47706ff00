{#- Users whose rows the model has to build again: those that a load since its own last one touched. -#}
{% macro touched_users() -%}
    select user_key from {{ ref('int_touched_users') }} where load_no > {{ funnelkit.grown_since() }}
{%- endmacro %}

{#- Ids of events that came since the model's last load. -#}
{% macro new_event_ids() -%}
    select {{ funnelkit.event_identity('events') }} from {{ ref('stg_raw__events') }} as events
    where load_no > {{ funnelkit.grown_since() }} and reject_reason is null
{%- endmacro %}

{#- Rows of the funnels' entities whose chains the model has to build again. -#}
{% macro touched_funnel_rows() -%}
    select * from {{ ref('int_funnel_rows') }}
    {%- if funnelkit.grows() %}
    where {{ funnelkit.entity_of(funnelkit.project_funnels(), 'p') }} in ({{ funnelkit.touched_entities(matured=true) }})
    {%- endif %}
{%- endmacro %}

{#- Funnels' entities to build again, as p without a lane: those that touched users have or had rows
    of. More than have to be, never fewer: values are read from every row of the users' log, dropped
    ones included. With `matured` also those with an entry that matured since. -#}
{% macro touched_entities(matured=false) -%}
    {%- set specs = fromjson(funnelkit.project_funnels()) -%}
    {%- set ns = namespace(parts=0) -%}
    {%- for spec in specs %}
    {{- 'union\n    ' if ns.parts -}}
    {%- set ns.parts = ns.parts + 1 -%}
    select cast({{ spec.no }} as bigint) * 72057594037927936 + entity_key as p
    from (
        {%- if spec.entity == 'user_id' %}
        select user_key as entity_key from ({{ funnelkit.touched_users() }}) as touched
        {%- else %}
        select entity_key from {{ ref('int_touched_values') }}
        where entity = '{{ spec.entity }}' and load_no > {{ funnelkit.grown_since() }}
        {%- endif %}
    ) as touched_{{ spec.no }}
    {% else -%}
    select cast(null as bigint) as p where false
    {%- endfor %}
    {%- set competing = fromjson(funnelkit.specs_with_runs(tojson(specs))) | rejectattr('window_us', 'none') | list %}
    {%- if matured and competing and funnelkit.grown_observed_us() is not none %}
    union
    select {{ funnelkit.entity_of(tojson(specs), 'p') }} as p
    from {{ ref('int_funnel_rows') }}
    where {{ funnelkit.funnel_of('p') }} in {{ funnelkit.funnel_list(tojson(competing)) }}
        and us + {{ funnelkit.funnel_window(tojson(competing), 'p') }} > least({{ funnelkit.grown_observed_us() }}, {{ funnelkit.observed_us() }})
        and us + {{ funnelkit.funnel_window(tojson(competing), 'p') }} <= greatest({{ funnelkit.grown_observed_us() }}, {{ funnelkit.observed_us() }})
    {%- endif %}
{%- endmacro %}
