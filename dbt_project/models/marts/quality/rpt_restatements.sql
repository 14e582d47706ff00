-- What later loads changed of numbers that were built before, because ids turned out to be the same
-- person: ids and users concerned, and journeys by funnel. Kept through full refreshes.
-- depends_on: {{ ref('int_funnel_journeys') }}
select
    load_no,
    what,
    funnel,
    cast(sum(changed) as bigint) as changed
from meta.restatements
group by load_no, what, funnel
