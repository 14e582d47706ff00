{#- Values of breakdowns as they are shown: null is (none), and beyond the `most` that most units have
    the rest is (other); (not reached) is no value and stays apart. `valued` has value and the columns `kept`; values are ranked within `by`, some
    of them. Columns: kept, value. -#}
{% macro funnel_value_groups(valued, kept, by, most=12) -%}
with

told as (
    select {% for column in kept %}{{ column }}, {% endfor %}coalesce(value, '(none)') as value
    from {{ valued }}
),

ranked as (
    select
        {% for column in by %}{{ column }}, {% endfor %}value,
        row_number() over (
            {{- 'partition by ' ~ by | join(', ') ~ ' ' if by }}order by value = '(not reached)', count(*) desc, value) as value_rank
    from told
    group by {% for column in by %}{{ column }}, {% endfor %}value
)

select
    {% for column in kept %}told.{{ column }}, {% endfor %}
    case when ranked.value_rank <= {{ most }} or told.value = '(not reached)' then told.value else '(other)' end as value
from told
inner join ranked on told.value = ranked.value{% for column in by %} and told.{{ column }} = ranked.{{ column }}{% endfor %}
{%- endmacro %}
