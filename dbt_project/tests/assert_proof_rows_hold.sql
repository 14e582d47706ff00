-- Proof rows are chains: an entity's level is its number of rows, steps follow each other in time,
-- no event fills two steps, and the last row lies inside the window.
with proof as (
    select
        steps.*,
        row_number() over (partition by funnel, entity_id, run order by step) as nth,
        lag(reached_at) over (partition by funnel, entity_id, run order by step) as reached_before,
        count(*) over (partition by funnel, entity_id, run, event_id) as uses
    from {{ ref('fct_funnel_steps') }} as steps
),
broken as (
    select proof.funnel, proof.entity_id, proof.run
    from proof
    inner join {{ ref('dim_funnels') }} as funnels on proof.funnel = funnels.funnel
    where proof.nth <> proof.step or proof.reached_at < proof.reached_before or proof.uses > 1
        or proof.us_from_entry > funnels.window_us
),
wrong_level as (
    select journeys.funnel, journeys.entity_id, 'all' as run
    from {{ ref('fct_funnel_journeys') }} as journeys
    left join (
        select funnel, entity_id, max(step) as level from proof where run = 'all' group by all
    ) as chains on journeys.funnel = chains.funnel and journeys.entity_id = chains.entity_id
    where chains.level is distinct from journeys.level
)
select * from broken
union all
select * from wrong_level
