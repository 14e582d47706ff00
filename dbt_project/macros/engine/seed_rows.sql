{#- Rows of a seed as literals: in a session, dbt-spark's own binding leaves quotes as they are and writes
    'None' for a missing value. -#}
{% macro spark__load_csv_rows(model, agate_table) %}
    {% for chunk in agate_table.rows | batch(5000) %}
        {% set rows = [] %}
        {% for row in chunk %}
            {% set values = [] %}
            {% for value in row %}
                {% do values.append('null' if value is none else funnelkit.sql_text(value ~ '')) %}
            {% endfor %}
            {% do rows.append('(' ~ values | join(', ') ~ ')') %}
        {% endfor %}
        {% do adapter.add_query('insert into ' ~ this.render() ~ ' values ' ~ rows | join(',\n'), abridge_sql_log=True) %}
    {% endfor %}
    {{ return('select 1') }}
{% endmacro %}
