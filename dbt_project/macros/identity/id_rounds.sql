{#- Ids of rows about users, up to the last load that a build holds. -#}
{% macro told_ids() -%}
    select distinct logged_id
    from {{ ref('stg_raw__users') }}
    where reject_reason is null and load_no <= {{ funnelkit.grown_until() }}
{%- endmacro %}

{% macro log_id_rounds() -%}
    {{ funnelkit.id_rounds(ref('int_log_ids'), '(' ~ funnelkit.told_ids() ~ ') as told') }}
{%- endmacro %}

{#- Before int_identity_changes, where the engine cannot recurse: groups of ids (meta.id_groups) and by
    when the log had told them (meta.id_ways), in rounds over the table of merges until one changes
    nothing. Ids are read for them three times, rounds read merges alone. -#}
{% macro id_rounds(log_ids, told_ids) -%}
    {{ adapter.dispatch('id_rounds', 'funnelkit')(log_ids, told_ids) }}
{%- endmacro %}

{% macro default__id_rounds(log_ids, told_ids) -%}
{%- endmacro %}

{% macro spark__id_rounds(log_ids, told_ids) -%}
    {% if execute %}
    {% set max_ids = funnelkit.settings().identity.max_ids_per_person %}
    {% do funnelkit.spark_table('meta.id_merges', funnelkit.spark_merges(log_ids, told_ids)) %}
    {% do funnelkit.spark_rounds(
        'meta.id_groups', funnelkit.spark_first_labels('meta.id_merges'),
        funnelkit.spark_next_labels('meta.id_groups_before', 'meta.id_merges')
    ) %}
    {% do funnelkit.spark_table('meta.id_persons', funnelkit.spark_persons(log_ids, told_ids, 'meta.id_merges', max_ids)) %}
    {% do funnelkit.spark_rounds(
        'meta.id_ways', funnelkit.spark_first_ways('meta.id_persons'),
        funnelkit.spark_next_ways('meta.id_ways_before', 'meta.id_persons', 'meta.id_merges')
    ) %}
    {% endif %}
{%- endmacro %}

{#- `name` as `first` makes it, then again and again as `next` makes it of name_before, as long as it
    says of a row that it is new. -#}
{% macro spark_rounds(name, first, next) %}
    {% do funnelkit.spark_table(name, first) %}
    {% set count = 'select count(*) from ' ~ name ~ ' where is_new' %}
    {% set ns = namespace(new=run_query(count).columns[0].values()[0] | int) %}
    {% for _ in range(10000) if ns.new %}
        {% do run_query('drop table if exists ' ~ name ~ '_before') %}
        {% do run_query('alter table ' ~ name ~ ' rename to ' ~ name ~ '_before') %}
        {% do funnelkit.spark_table(name, next) %}
        {% set ns.new = run_query(count).columns[0].values()[0] | int %}
    {% endfor %}
    {% do run_query('drop table if exists ' ~ name ~ '_before') %}
{% endmacro %}

{% macro spark_table(name, sql) %}
    {% do run_query('drop table if exists ' ~ name) %}
    {% do run_query('create table ' ~ name ~ ' as ' ~ sql) %}
{% endmacro %}

{% macro spark_merges(log_ids, told_ids) -%}
    with

    {{ id_merges(log_ids, told_ids) }}

    select a, b, min(first_told_at) as first_told_at from merges group by a, b
{%- endmacro %}

{#- The least of each node and its neighbours. -#}
{% macro spark_first_labels(merges) -%}
    select a as node, least(a, min(b)) as label, true as is_new from {{ merges }} group by a
{%- endmacro %}

{#- A round of FastSV (Zhang, Azad, Hu 2020, "A distributed-memory connected component algorithm with
    fast convergence"): every node, and the node that it goes by, takes the least that a neighbour's
    label goes by. About as many rounds as the largest group has binary digits; where one changes
    nothing, a group has one label, its least node. -#}
{% macro spark_next_labels(labels, merges) -%}
    with

    grand as (
        select own.node, own.label, next.label as grand
        from {{ labels }} as own
        inner join {{ labels }} as next on own.label = next.node
    ),

    near as (
        select one.node, one.label, min(other.grand) as grand
        from {{ merges }} as merges
        inner join grand as one on merges.a = one.node
        inner join grand as other on merges.b = other.node
        group by one.node, one.label
    ),

    offered as (
        select node, label, true as is_old from {{ labels }}
        union all
        select node, grand as label, false as is_old from grand
        union all
        select node, grand as label, false as is_old from near
        union all
        select label as node, grand as label, false as is_old from near
    )

    select node, min(label) as label, min(label) < min(case when is_old then label end) as is_new
    from offered
    group by node
{%- endmacro %}

{% macro spark_persons(log_ids, told_ids, merges, max_ids) -%}
    with

    {{ id_merges(log_ids, told_ids) }},

    {{ id_persons(merges, max_ids) }}

    select logged_id, person_id from persons
{%- endmacro %}

{% macro spark_first_ways(persons) -%}
    select logged_id, person_id, cast('0001-01-01' as timestamp) as told_at, true as is_new
    from {{ persons }}
    where logged_id = person_id
{%- endmacro %}

{#- One merge further from the person. A way's time is that of its last merge told, so that the
    earliest way to an id goes on from the earliest to the id before. -#}
{% macro spark_next_ways(ways, persons, merges) -%}
    with

    offered as (
        select logged_id, person_id, told_at, true as is_old from {{ ways }}
        union all
        select persons.logged_id, persons.person_id, greatest(ways.told_at, merges.first_told_at) as told_at, false as is_old
        from {{ ways }} as ways
        inner join {{ merges }} as merges on ways.logged_id = merges.a
        inner join {{ persons }} as persons on merges.b = persons.logged_id and ways.person_id = persons.person_id
        where ways.is_new
    )

    select
        logged_id,
        person_id,
        min(told_at) as told_at,
        min(case when is_old then told_at end) is null or min(told_at) < min(case when is_old then told_at end) as is_new
    from offered
    group by logged_id, person_id
{%- endmacro %}
