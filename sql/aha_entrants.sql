-- Who can be searched: entrants whose outcome is known. Grain: entity, numbered from 0 by its id, so
-- that no number depends on the order of loading.
-- Parameters: clock; outcome; stratify_by, user properties; salt.
with segments as (

    select
        clock_no,
        entity_key,
        string_agg(value, ' · ' order by list_position($stratify_by, breakdown)) as segment
    from int_entrant_values
    where list_contains($stratify_by, breakdown)
    group by clock_no, entity_key

)

select
    entrants.entity_key,
    cast(row_number() over (order by entrants.entity_id) - 1 as integer) as entity,
    entrants.cohort as week,
    coalesce(segments.segment, '') as segment,
    outcomes.happened as outcome,
    -- The lowest 40 % of 8 hex digits.
    left(md5(entrants.entity_id || $salt), 8) < '66666667' as in_hash_half
from int_entrants as entrants
inner join fct_outcomes as outcomes
    on entrants.clock_no = outcomes.clock_no and entrants.entity_key = outcomes.entity_key
left join segments
    on entrants.clock_no = segments.clock_no and entrants.entity_key = segments.entity_key
where
    entrants.clock = $clock
    and outcomes.outcome = $outcome
    and outcomes.is_eligible
    and outcomes.is_mature
order by entity
