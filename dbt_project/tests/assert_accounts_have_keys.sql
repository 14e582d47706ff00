-- An event that names an account is in the funnels of accounts.
select event_id, account_id
from {{ ref('fct_events') }}
where (account_id is null) <> (account_key is null)
