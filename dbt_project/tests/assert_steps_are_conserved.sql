-- reached is monotone over required steps, and whoever reached the one before reached this step, is
-- open, or is lost. Of an optional step only: no more than the step before it.
with steps as (
    select
        steps.*,
        before.reached as reached_before,
        before.matured_reached as matured_before
    from {{ ref('rpt_funnel_steps') }} as steps
    left join {{ ref('rpt_funnel_steps') }} as before
        on steps.funnel = before.funnel and steps.breakdown = before.breakdown and steps.value = before.value
        and steps.previous_step = before.step
)
select *
from steps
where
    (step = 1 and (reached <> entered or matured_reached <> matured))
    or reached > reached_before
    or not is_optional and reached_before <> reached + open + lost
    or is_optional and (open is not null or lost is not null)
    or matured_reached > matured_before
    or matured_reached > reached
