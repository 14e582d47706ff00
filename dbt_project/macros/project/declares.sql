{#- Whether the project declares anything of a part. Models of a part that it does not use are not made:
    each costs a fifth of a second, empty or not. -#}
{% macro declares(part) %}
    {% set given = var('funnelkit', {}) %}
    {% for section in funnelkit.parts()[part].sections if given.get(section) %}
        {{ return(true) }}
    {% endfor %}
    {{ return(false) }}
{% endmacro %}

{#- The parts, each with the sections of the definitions that need it, and its tables. -#}
{% macro parts() %}
    {{ return({
        'aha': {
            'sections': ['outcomes', 'aha_moments', 'aha_search', 'changes'],
            'tables': [
                'dim_aha_moments', 'dim_aha_search', 'dim_outcomes', 'fct_aha_moments', 'fct_outcomes',
                'int_aha_exposures', 'int_aha_preceding', 'int_aha_rows', 'int_aha_steps', 'int_entrant_values',
                'int_entrants', 'int_outcomes', 'rpt_aha_reach', 'rpt_aha_stuck', 'rpt_retention',
            ],
        },
        'say': {
            'sections': ['features', 'feedback'],
            'tables': [
                'dim_customers_at', 'dim_features', 'fct_claims', 'fct_feature_usage', 'fct_say_do',
                'fct_wave_access', 'fct_wave_usage', 'fct_wave_users', 'fct_wave_values', 'int_customer_revenue',
                'int_customers', 'int_entitled_times',
            ],
        },
    }) }}
{% endmacro %}

{#- Drops what an earlier build made of a part that is declared no more: nobody must read it. -#}
{% macro drop_undeclared() %}
    {% if execute %}
        {% for part, its in funnelkit.parts().items() if not funnelkit.declares(part) %}
            {% for table in its.tables %}
                {% do run_query('drop table if exists ' ~ target.schema ~ '.' ~ table) %}
            {% endfor %}
        {% endfor %}
    {% endif %}
{% endmacro %}
