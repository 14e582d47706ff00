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
