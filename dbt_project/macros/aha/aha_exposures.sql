{#- Counts by entrant and event: n_<d>d in [entry, entry + d days) for every exposure window of the
    search, n_alive in the time after the longest, where a sign of life is looked for. One grouped pass.
    `search_json`: {days, xmax_us, landmark_us}; `events` has event_name, occurred_at and `key`, the
    column that stands for the entity; `entrants` has entity_key and entry_us. -#}
{% macro aha_exposures(search_json, events, entrants, key) -%}
{%- set search = fromjson(search_json) -%}
select
    entity_key,
    event_name,
    {% for day in search.days -%}
    count(*) filter (where us < {{ day * 86400000000 }}) as n_{{ day }}d,
    {% endfor -%}
    count(*) filter (where us >= {{ search.xmax_us }}) as n_alive
from (
    select
        entrants.entity_key,
        events.event_name,
        {{ epoch_us('events.occurred_at') }} - entrants.entry_us as us
    from {{ events }} as events
    inner join {{ entrants }} as entrants on events.{{ key }} = entrants.entity_key
) as since_entry
where us >= 0 and us < {{ search.landmark_us }}
group by entity_key, event_name
{%- endmacro %}
