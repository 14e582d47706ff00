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

{#- Spark's recursion takes no UNION and no aggregates, and ends where a round brings no row. No way is
    longer than there are nodes; and who has so many neighbours is in a component that is too large: its
    edges are left out. -#}
{% macro spark__id_groups(edges, rounds) -%}
    with recursive {{ spark_narrow_edges(edges, rounds, ['a', 'b']) }},

    reached (node, label, rounds) as (
        select distinct edges.a as node, edges.a as label, least({{ rounds }}, sizes.nodes) as rounds
        from {{ edges }} as edges
        cross join (select count(distinct a) as nodes from {{ edges }}) as sizes
        union all
        select distinct narrow.b as node, reached.label, reached.rounds - 1 as rounds
        from reached
        inner join narrow on reached.node = narrow.a
        where reached.rounds > 0 and reached.label < narrow.b
    )

    select node, min(label) as label from reached group by node
{%- endmacro %}

{% macro spark_narrow_edges(edges, rounds, columns) -%}
    hubs as (
        select a as node from {{ edges }} group by a having count(distinct b) >= {{ rounds }}
    ),

    narrow as (
        select edges.{{ columns | join(', edges.') }}
        from {{ edges }} as edges
        left anti join hubs as a_hubs on edges.a = a_hubs.node
        left anti join hubs as b_hubs on edges.b = b_hubs.node
    )
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

{#- From every id to every other: `persons` come from a recursion, which Spark takes in no other one. -#}
{% macro spark__told_ways(persons, merges, rounds) -%}
    with recursive {{ spark_narrow_edges(merges, rounds, ['a', 'b', 'first_told_at']) }},

    ways (logged_id, person_id, told_at, rounds) as (
        select distinct merges.a as logged_id, merges.a as person_id, cast('0001-01-01' as timestamp) as told_at, least({{ rounds }}, sizes.nodes) as rounds
        from {{ merges }} as merges
        cross join (select count(distinct a) as nodes from {{ merges }}) as sizes
        union all
        select distinct
            narrow.b as logged_id, ways.person_id, greatest(ways.told_at, narrow.first_told_at) as told_at, ways.rounds - 1 as rounds
        from ways
        inner join narrow on ways.logged_id = narrow.a
        where ways.rounds > 0 and narrow.b <> ways.person_id
    )

    select logged_id, person_id, min(told_at) as told_at from ways group by logged_id, person_id
{%- endmacro %}
