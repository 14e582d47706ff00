-- Before and after a change: who entered, whose time was over at the cut, and for how many it came
-- about. Grain: period (before, after), one row each, also of nobody. Nothing that became known after
-- the cut changes a row.
-- Parameters: kind (funnel, outcome or aha), metric, its name; clock, of an outcome; cut_us, the latest end of a
-- window that counts; shipped_us; before_us, before_until_us, after_us, after_until_us, of entries.
-- spanning: mature, but the change came before their time was over. clusters and sums: of the mature,
-- by entity, since several entries of one are alike.
with

periods as (

    select 'before' as period, 1 as period_no, $before_us as from_us, $before_until_us as until_us
    union all
    select 'after' as period, 2 as period_no, $after_us as from_us, $after_until_us as until_us

),

units as (

    select
        journeys.entity_id,
        epoch_us(journeys.first_entry_at) as entry_us,
        funnels.window_us as length_us,
        true as is_eligible,
        coalesce(journeys.matured_level >= funnels.final_step, false) as came
    from fct_funnel_journeys as journeys
    inner join dim_funnels as funnels on journeys.funnel = funnels.funnel
    where $kind = 'funnel' and journeys.funnel = $metric
    union all
    select
        told.entity_id,
        epoch_us(told.entry_at) as entry_us,
        outcomes.after_us + outcomes.within_us as length_us,
        told.is_eligible,
        coalesce(told.happened, false) as came
    from fct_outcomes as told
    inner join dim_outcomes as outcomes on told.outcome_no = outcomes.outcome_no
    where $kind = 'outcome' and told.outcome = $metric and told.clock = $clock
    union all
    select
        told.entity_id,
        epoch_us(told.entry_at) as entry_us,
        moments.within_us as length_us,
        true as is_eligible,
        told.is_reached as came
    from fct_aha_moments as told
    inner join dim_aha_moments as moments on told.aha_no = moments.aha_no
    where $kind = 'aha' and told.aha = $metric

),

placed as (

    select
        periods.period,
        units.*,
        units.entry_us + units.length_us <= $cut_us as is_mature
    from units
    inner join periods on units.entry_us >= periods.from_us and units.entry_us < periods.until_us

),

by_entity as (

    select
        period,
        entity_id,
        count(*) filter (where is_eligible) as entered,
        count(*) filter (where not is_eligible) as ineligible,
        count(*) filter (where is_eligible and is_mature) as m,
        count(*) filter (where is_eligible and is_mature and came) as x,
        count(*) filter (
            where is_eligible and is_mature and entry_us < $shipped_us and entry_us + length_us > $shipped_us
        ) as spanning
    from placed
    group by period, entity_id

),

counts as (

    select
        period,
        count(*) as clusters,
        sum(entered) as entered,
        sum(ineligible) as ineligible,
        sum(spanning) as spanning,
        sum(m) as matured,
        sum(x) as converted,
        sum(x * x) as sum_x2,
        sum(x * m) as sum_xm,
        sum(m * m) as sum_m2
    from by_entity
    group by period

)

select
    periods.period,
    cast(coalesce(counts.entered, 0) as bigint) as entered,
    cast(coalesce(counts.matured, 0) as bigint) as matured,
    cast(coalesce(counts.converted, 0) as bigint) as converted,
    cast(coalesce(counts.ineligible, 0) as bigint) as ineligible,
    cast(coalesce(counts.spanning, 0) as bigint) as spanning,
    cast(coalesce(counts.clusters, 0) as bigint) as clusters,
    cast(coalesce(counts.sum_x2, 0) as bigint) as sum_x2,
    cast(coalesce(counts.sum_xm, 0) as bigint) as sum_xm,
    cast(coalesce(counts.sum_m2, 0) as bigint) as sum_m2
from periods
left join counts on periods.period = counts.period
order by periods.period_no
