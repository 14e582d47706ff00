{#- The columns together name a row, and none of them is null. -#}
{% test unique_key(model, columns) %}
select {{ columns | join(', ') }}, count(*) as entries
from {{ model }}
group by {{ columns | join(', ') }}
having count(*) > 1
    {%- for column in columns %} or {{ column }} is null{% endfor %}
{% endtest %}
