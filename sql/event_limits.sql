-- Event rows by what became of them, of all that came: those that load could not parse included.
-- Grain: outcome. What was given up in rows that stay is none.
select
    outcome,
    cast(sum(entries) as bigint) as entries,
    cast(sum(sum(entries)) over () as bigint) as raw_entries
from rpt_event_quality
where kind = 'events' and outcome <> 'kept'
group by outcome
order by outcome
