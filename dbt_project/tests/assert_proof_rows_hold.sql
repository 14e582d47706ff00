-- Proof rows are chains: required steps follow each other in time, an event fills one step unless
-- the funnel lets it, the last row lies inside the window, and a level is the last row's step.
with proof as (
    select
        steps.*,
        lag(reached_at) over (partition by funnel, entity_id, attempt, run order by step) as reached_before,
        count(*) over (partition by funnel, entity_id, attempt, run, event_id) as uses
    from {{ ref('fct_funnel_steps') }} as steps
    where not is_optional
),
broken as (
    select proof.funnel, proof.entity_id, proof.run
    from proof
    inner join {{ ref('dim_funnels') }} as funnels on proof.funnel = funnels.funnel
    where proof.reached_at < proof.reached_before or proof.us_from_entry > funnels.window_us
        or proof.uses > 1
        and {{ funnelkit.json_text('funnels.definition', 'row_reuse') }} is null
        and {{ funnelkit.json_text('funnels.definition', 'order') }} <> 'any'
),
wrong_level as (
    select journeys.funnel, journeys.entity_id, 'all' as run
    from {{ ref('fct_funnel_journeys') }} as journeys
    left join (
        select funnel, entity_id, attempt, max(step) as level from proof where run = 'all' group by all
    ) as chains
        on journeys.funnel = chains.funnel and journeys.entity_id = chains.entity_id and journeys.attempt = chains.attempt
    where chains.level is distinct from journeys.level
)
select * from broken
union all
select * from wrong_level
