{#- The event that every unit entered by: p, attempt, event_no: the first entry in range, or the
    attempt's own. -#}
{% macro funnel_entry_events(rows, specs_json, since_us=none, until_us=none) -%}
select p, attempt, event_no
from (
    {{ unit_entries(rows, specs_json, since_us, until_us) }}
) as entries
{%- endmacro %}
