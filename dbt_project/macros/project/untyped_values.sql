{#- Names of values given up because they do not fit their type, comma separated, '' for none.
    `conditions`: name to SQL that is true where its value is given up. -#}
{% macro untyped_values(conditions) -%}
    concat_ws(
            ','
            {%- for name, condition in conditions.items() %},
            case when {{ condition }} then '{{ name }}' end
            {%- endfor %}
        )
{%- endmacro %}

{#- Conditions for declared properties of a JSON column, and for the column itself: what is no
    object has no properties. -#}
{% macro untyped_properties(properties, text, json) %}
    {% set conditions = {'properties': "nullif(" ~ text ~ ", '') is not null and (" ~ json ~ " is null or left(ltrim(" ~ text ~ "), 1) <> '{')"} %}
    {% for name, type in properties.items() %}
        {% set value = funnelkit.json_text(json, name) %}
        {% do conditions.update({name: value ~ ' is not null and ' ~ funnelkit.typed(value, type) ~ ' is null'}) %}
    {% endfor %}
    {{ return(conditions) }}
{% endmacro %}
