{#- Connected components: a row (node, label) for each node of `edges` (a, b; both directions), label
    the least node of its component. Spreads the least label by `rounds` steps: a component wider than
    that comes out in several groups, each with an edge to another. -#}
{% macro id_groups(edges, rounds) -%}
    {{ adapter.dispatch('id_groups', 'funnelkit')(edges, rounds) }}
{%- endmacro %}

{#- Only nodes whose label has just fallen are looked at again. -#}
{% macro duckdb__id_groups(edges, rounds) -%}
    with recursive labels (node, label, round) using key (node) as (
        select distinct a as node, a as label, 0 as round from {{ edges }}
        union
        select edges.b as node, min(labels.label) as label, max(labels.round) + 1 as round
        from labels
        inner join {{ edges }} as edges on labels.node = edges.a
        inner join recurring.labels as known on edges.b = known.node and labels.label < known.label
        where labels.round < {{ rounds }}
        group by edges.b
    )

    select node, label from labels
{%- endmacro %}

{#- Any engine: every node that can be reached in so many steps. -#}
{% macro default__id_groups(edges, rounds) -%}
    with recursive reached (node, label, round) as (
        select distinct a as node, a as label, 0 as round from {{ edges }}
        union
        select edges.b as node, reached.label, reached.round + 1 as round
        from reached
        inner join {{ edges }} as edges on reached.node = edges.a
        where reached.round < {{ rounds }} and reached.label < edges.b
    )

    select node, min(label) as label from reached group by node
{%- endmacro %}

{#- Made beforehand, in rounds: Spark's recursion takes no UNION and no aggregates. See id_rounds. -#}
{% macro spark__id_groups(edges, rounds) -%}
    select node, label from meta.id_groups
{%- endmacro %}

{#- By when the log had told that an id is the person: every merge of the way there, by the earliest way.
    A row (logged_id, person_id, told_at) for each of `persons` (logged_id, person_id); `merges`: a, b,
    first_told_at; `rounds`: the ids of the largest person. -#}
{% macro told_ways(persons, merges, rounds) -%}
    {{ adapter.dispatch('told_ways', 'funnelkit')(persons, merges, rounds) }}
{%- endmacro %}

{% macro default__told_ways(persons, merges, rounds) -%}
    with recursive ways (logged_id, person_id, told_at) as (
        select logged_id, person_id, cast('0001-01-01' as timestamp) as told_at
        from {{ persons }}
        where logged_id = person_id
        union
        select persons.logged_id, persons.person_id, greatest(ways.told_at, merges.first_told_at) as told_at
        from ways
        inner join {{ merges }} as merges on ways.logged_id = merges.a
        inner join {{ persons }} as persons on merges.b = persons.logged_id and ways.person_id = persons.person_id
    )

    select logged_id, person_id, min(told_at) as told_at from ways group by logged_id, person_id
{%- endmacro %}

{% macro spark__told_ways(persons, merges, rounds) -%}
    select logged_id, person_id, told_at from meta.id_ways
{%- endmacro %}
