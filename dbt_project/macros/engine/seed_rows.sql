{#- Rows of a seed, each a line of JSON: in a session, dbt-spark's own binding leaves quotes as they are and
    writes 'None' for a missing value; and Spark takes a second for a thousand rows of literals. -#}
{% macro spark__load_csv_rows(model, agate_table) %}
    {% set columns = agate_table.column_names %}
    {% for chunk in agate_table.rows | batch(5000) %}
        {% set lines = [] %}
        {% for row in chunk %}
            {% set values = {} %}
            {% for name in columns %}
                {% do values.update({name: none if row[name] is none else row[name] ~ ''}) %}
            {% endfor %}
            {% do lines.append(tojson(values)) %}
        {% endfor %}
        {% set sql %}
            insert into {{ this.render() }}
            select line.* from (
                select from_json(text, '{{ columns | join(' string, ') }} string') as line
                from (select explode(split({{ funnelkit.sql_text(lines | join('\n')) }}, '\n')) as text) as lines
            ) as parsed
        {% endset %}
        {% do adapter.add_query(sql, abridge_sql_log=True) %}
    {% endfor %}
    {{ return('select 1') }}
{% endmacro %}
