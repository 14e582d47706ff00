{#- Hooks that count what a late merge of ids changed of the numbers of the build before. They count
    nothing where all was made whole, for then there is no before. -#}

{#- After int_identity_changes: ids that went to another user, and the users concerned. -#}
{% macro restate_ids() %}
    {%- if execute and funnelkit.grows() %}
    insert into meta.restatements
    select {{ funnelkit.grown_until() }}, counted.what, cast(null as string), counted.changed
    from (
        select 'ids' as what, count(*) as changed from {{ funnelkit.restated_ids() }} as moved
        union all
        select 'users', count(distinct user_id)
        from (
            select user_id from {{ funnelkit.restated_ids() }} as moved
            union all
            select previous_user_id from {{ funnelkit.restated_ids() }} as moved
        ) as concerned
    ) as counted
    where counted.changed > 0
    {%- endif %}
{% endmacro %}

{% macro restated_ids() -%}
    (select * from {{ this }} where load_no > {{ funnelkit.grown_since() }} and previous_user_id <> user_id)
{%- endmacro %}

{#- Entities that a merge touched since, as p without a lane. -#}
{% macro restated_entities() -%}
    {%- set ns = namespace(parts=0) -%}
    {%- for spec in fromjson(funnelkit.project_funnels()) %}
    {{- ' union ' if ns.parts -}}
    {%- set ns.parts = ns.parts + 1 -%}
    select cast({{ spec.no }} as bigint) * 72057594037927936 + {{ 'user_key' if spec.entity == 'user_id' else 'entity_key' }} as p
    from {{ ref('int_touched_users') if spec.entity == 'user_id' else ref('int_touched_values') }}
    where is_merged and load_no > {{ funnelkit.grown_since() }}
    {%- if spec.entity != 'user_id' %} and entity = '{{ spec.entity }}'{% endif %}
    {%- else -%}
    select cast(null as bigint) as p where false
    {%- endfor -%}
{%- endmacro %}

{#- Before int_funnel_journeys is made again: what it says of those entities. -#}
{% macro keep_journeys() %}
    {%- if execute and funnelkit.grown_since() >= 0 %}
    {{ funnelkit.kept_aside('fk_journeys_before', 'select * from ' ~ this ~ ' where p in (' ~ funnelkit.restated_entities() ~ ')') }}
    {%- endif %}
{% endmacro %}

{#- A statement that keeps rows for the rest of the run. -#}
{% macro kept_aside(name, sql) -%}
    {{ adapter.dispatch('kept_aside', 'funnelkit')(name, sql) }}
{%- endmacro %}

{% macro default__kept_aside(name, sql) -%}
    create or replace temp table {{ name }} as {{ sql }}
{%- endmacro %}

{#- Spark has no temporary tables. -#}
{% macro spark__kept_aside(name, sql) -%}
    {% do run_query('drop table if exists meta.' ~ name) -%}
    create table meta.{{ name }} as {{ sql }}
{%- endmacro %}

{#- After it: journeys that began, ended, or came to another outcome. -#}
{% macro restate_journeys() %}
    {%- if execute and funnelkit.grown_since() >= 0 %}
    insert into meta.restatements
    select {{ funnelkit.grown_until() }}, 'journeys', funnels.funnel, count(*)
    from {{ 'meta.' if target.type == 'spark' }}fk_journeys_before as old
    full join (select * from {{ this }} where p in ({{ funnelkit.restated_entities() }})) as new
        on old.p = new.p and old.attempt = new.attempt
    inner join {{ ref('dim_funnels') }} as funnels on coalesce(old.funnel_no, new.funnel_no) = funnels.funnel_no
    where (old.level, old.entry_us, old.last_us, old.matured_level)
        is distinct from (new.level, new.entry_us, new.last_us, new.matured_level)
    group by funnels.funnel
    {%- endif %}
{% endmacro %}
