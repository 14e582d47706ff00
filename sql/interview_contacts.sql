-- Who was talked to last when: interviews and talks of those who left. Grain: user.
-- `asked_lately`: in the 90 days before the end of the log.
select
    feedback.user_key,
    max(feedback.submitted_at) as last_asked_at,
    max(feedback.submitted_at) >= any_value(log.observed_until) - to_days(90) as asked_lately
from fct_feedback as feedback
cross join int_observed_until as log
where feedback.user_key is not null and feedback.source in ('interview', 'exit')
group by feedback.user_key
order by feedback.user_key
