{{ config(materialized='grown', follows='load', reads=[], after=['int_log_ids']) }}

-- Dense numbers of accounts; a key once given stays.
with

accounts as (

    select account_id from {{ ref('int_log_ids') }}
    union
    select account_id from {{ ref('stg_raw__users') }} where reject_reason is null

)

select
    account_id,
    cast(row_number() over (order by account_id) as bigint)
    {%- if funnelkit.grows() %} + (select coalesce(max(account_key), 0) from {{ this }}){% endif %} as account_key
from accounts
where account_id is not null
    {%- if funnelkit.grows() %} and account_id not in (select account_id from {{ this }}){% endif %}
