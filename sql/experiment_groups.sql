-- Who was exposed to what, and for how many the outcome came about in their time. Grain: variant; null
-- for entities that saw several, and (none) for those whose exposures name none.
-- The first exposure that names a variant assigns and starts the time. Needs the temp tables of
-- warehouse/experiments.py: fk_exposures (entity_key, us, variant), fk_goals (entity_key, us).
-- Parameters: within_us; observed_us, up to when the log was seen.
with

exposed as (

    select
        entity_key,
        count(distinct variant) as variants,
        case when count(distinct variant) = 1 then min(variant) end as variant,
        coalesce(min(us) filter (where variant is not null), min(us)) as us
    from fk_exposures
    group by entity_key

),

came as (

    select distinct exposed.entity_key
    from exposed
    inner join fk_goals as goals on exposed.entity_key = goals.entity_key
    where goals.us >= exposed.us and goals.us < exposed.us + $within_us

)

select
    case when exposed.variants = 0 then '(none)' else exposed.variant end as variant,
    exposed.variants > 0 as is_named,
    cast(count(*) as bigint) as exposed,
    cast(count(*) filter (where exposed.us + $within_us <= $observed_us) as bigint) as matured,
    cast(count(*) filter (
        where exposed.us + $within_us <= $observed_us and came.entity_key is not null
    ) as bigint) as converted
from exposed
left join came on exposed.entity_key = came.entity_key
group by all
order by is_named, variant nulls last
