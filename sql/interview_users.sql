-- The key and account of every user. Grain: user.
select user_key, user_id, account_id
from dim_users
order by user_key
