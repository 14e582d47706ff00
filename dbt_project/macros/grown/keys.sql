{#- A number for each row of `ids` by the text `id`, behind those that the model's table has given
    where it grows: a key once given stays. `of`: a column that has numbers of its own for each of its
    values; `rest`: further columns to keep. -#}
{% macro numbered(ids, id, key, of=none, rest=[]) -%}
    {{ adapter.dispatch('numbered', 'funnelkit')(ids, id, key, of, rest) }}
{%- endmacro %}

{#- Dense. -#}
{% macro default__numbered(ids, id, key, of, rest) -%}
select
    {{ of ~ ',' if of }}
    {{ id }},
    cast(row_number() over ({{ 'partition by ' ~ of if of }} order by {{ id }}) as bigint)
    {%- if funnelkit.grows() %} + coalesce((select max(known.{{ key }}) from {{ this }} as known{% if of %} where known.{{ of }} = ids.{{ of }}{% endif %}), 0){% endif %} as {{ key }}
    {%- for column in rest %},
    {{ column }}
    {%- endfor %}
from {{ ids }} as ids
{%- endmacro %}

{#- To number densely all rows would have to go through one task: here each of 1024 has every 1024th
    number. -#}
{% macro spark__numbered(ids, id, key, of, rest) -%}
select
    {{ 'ids.' ~ of ~ ',' if of }}
    ids.{{ id }},
    (
        cast(row_number() over (partition by {{ 'ids.' ~ of ~ ', ' if of }}ids.fk_task order by ids.{{ id }}) as bigint) - 1
        {%- if funnelkit.grows() %} + coalesce(given.places, 0){% endif %}
    ) * 1024 + ids.fk_task + 1 as {{ key }}
    {%- for column in rest %},
    ids.{{ column }}
    {%- endfor %}
from (select *, pmod(xxhash64({{ id }}), 1024) as fk_task from {{ ids }}) as ids
{%- if funnelkit.grows() %}
left join (
    select {{ of ~ ', ' if of }}({{ key }} - 1) % 1024 as fk_task, max(({{ key }} - 1) div 1024) + 1 as places
    from {{ this }}
    group by {{ of ~ ', ' if of }}({{ key }} - 1) % 1024
) as given on ids.fk_task = given.fk_task{{ ' and ids.' ~ of ~ ' = given.' ~ of if of }}
{%- endif %}
{%- endmacro %}

{#- Behind a query whose table is read by these columns: how its rows lie. -#}
{% macro in_order(columns) -%}
    {{ adapter.dispatch('in_order', 'funnelkit')(columns) }}
{%- endmacro %}

{% macro default__in_order(columns) -%}
    order by {{ columns }}
{%- endmacro %}

{#- Each part of a table that grows is sorted on its own, by its config `sorted`. -#}
{% macro spark__in_order(columns) -%}
{%- endmacro %}

{#- Makes a query of a `with` once for all who read it. -#}
{% macro made_once() -%}
    {{ adapter.dispatch('made_once', 'funnelkit')() }}
{%- endmacro %}

{% macro default__made_once() -%}
    materialized {% endmacro %}

{% macro spark__made_once() -%}
{%- endmacro %}
