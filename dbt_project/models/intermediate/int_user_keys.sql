{{ config(materialized='grown', follows='load', reads=[], after=['int_identity_changes']) }}

-- Numbers of users. A key once given stays, so that what was built with it holds; keys are not
-- compared between builds.
with

users as (

    select distinct users.user_id
    from {{ ref('int_identity_changes') }} as users
    {%- if funnelkit.grows() %}
    where not exists (select 1 from {{ this }} as known where known.user_id = users.user_id)
    {%- endif %}

)

{{ funnelkit.numbered('users', 'user_id', 'user_key') }}
