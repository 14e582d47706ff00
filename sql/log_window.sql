-- One row: what the log spans, ISO text in UTC, null for an empty log.
select
    strftime(first_event_at, '%Y-%m-%dT%H:%M:%SZ') as first_event,
    strftime(last_event_at, '%Y-%m-%dT%H:%M:%SZ') as last_event,
    strftime(observed_until, '%Y-%m-%dT%H:%M:%SZ') as observed_until
from int_observed_until
