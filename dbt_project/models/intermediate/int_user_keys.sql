{{ config(materialized='grown', follows='load', reads=[], after=['int_identity_changes']) }}

-- Dense numbers of users. A key once given stays, so that what was built with it holds; keys are not
-- compared between builds.
with

users as (

    select distinct user_id from {{ ref('int_identity_changes') }}
    {%- if funnelkit.grows() %}
    where user_id not in (select user_id from {{ this }})
    {%- endif %}

)

select
    user_id,
    cast(row_number() over (order by user_id) as bigint)
    {%- if funnelkit.grows() %} + (select coalesce(max(user_key), 0) from {{ this }}){% endif %} as user_key
from users
