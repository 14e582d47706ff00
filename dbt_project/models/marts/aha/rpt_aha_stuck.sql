{{ config(enabled=funnelkit.declares('aha')) }}
-- Where those stand whose window closed before they reached the aha moment, and what they did next.
select
    aha,
    last_step as step,
    last_step_name as step_name,
    next_event,
    count(*) as entities
from {{ ref('fct_aha_moments') }}
where is_mature and not is_reached
group by aha, last_step, last_step_name, next_event
