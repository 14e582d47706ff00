{#- The cohort of every unit by first entry, on the calendar of a time zone: p, attempt, grain, period
    (a date), one row for each of the grains. -#}
{% macro funnel_periods(journeys, timezone, grains=['day', 'week', 'month']) -%}
    {%- for grain in grains %}
    {{ 'union all' if not loop.first }}
    select
        p,
        attempt,
        '{{ grain }}' as grain,
        cast(date_trunc('{{ grain }}', {{ local_time(from_us('first_entry_us'), timezone) }}) as date) as period
    from {{ journeys }}
    {%- endfor %}
{%- endmacro %}
