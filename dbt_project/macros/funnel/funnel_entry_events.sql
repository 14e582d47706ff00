{#- The event that every unit entered by: p, attempt, event_no: the first entry in range, or the
    attempt's own. -#}
{% macro funnel_entry_events(rows, specs_json, since_us=none, until_us=none) -%}
    {%- set entities = [] -%}
    {%- set attempts = [] -%}
    {%- for spec in fromjson(specs_json) -%}
        {%- do (attempts if spec.count == 'entries' else entities).append(spec) -%}
    {%- endfor -%}
    {%- if entities or not attempts %}
select {{ entity_of(specs_json, 'p') }} as p, cast(0 as bigint) as attempt, min_by(event_no, pos) as event_no
from {{ rows }}
where {{ entry_condition(tojson(entities), specs_json, since_us, until_us) }}
group by {{ entity_of(specs_json, 'p') }}
    {%- endif %}
    {{- '\nunion all' if entities and attempts }}
    {%- if attempts %}
select {{ entity_of(specs_json, 'p') }} as p, pos as attempt, event_no
from {{ rows }}
where {{ entry_condition(tojson(attempts), specs_json, since_us, until_us) }}
    {%- endif %}
{%- endmacro %}
