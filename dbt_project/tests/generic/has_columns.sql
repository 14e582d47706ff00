{#- The fixed columns exist with these types: the contract of a table that also carries declared
    properties, which a dbt contract would refuse. -#}
{% test has_columns(model, columns) %}
with

expected as (
    {% for name, type in columns.items() %}
    {{ 'union all' if not loop.first }}
    select '{{ name }}' as column_name, '{{ type | lower }}' as data_type
    {%- endfor %}

),

found as (
    {% for column in adapter.get_columns_in_relation(model) %}
    {{ 'union all' if not loop.first }}
    select '{{ column.name | replace("'", "''") }}' as column_name, '{{ column.dtype | lower | replace('character varying', 'string') | replace('varchar', 'string') }}' as data_type
    {%- else %}
    select '' as column_name, '' as data_type
    {%- endfor %}

)

select expected.*
from expected
left join found on expected.column_name = found.column_name and found.data_type = expected.data_type
where found.column_name is null
{% endtest %}
