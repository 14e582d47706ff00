{{ config(materialized='grown', follows='load', reads=[], after=['int_log_ids']) }}

-- Numbers of accounts; a key once given stays.
with

accounts as (

    select account_id from {{ ref('int_log_ids') }}
    union
    select account_id from {{ ref('stg_raw__users') }} where reject_reason is null

),

new as (

    select account_id
    from accounts
    where account_id is not null
        {%- if funnelkit.grows() %}
        and not exists (select 1 from {{ this }} as known where known.account_id = accounts.account_id)
        {%- endif %}

)

{{ funnelkit.numbered('new', 'account_id', 'account_key') }}
