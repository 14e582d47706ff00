{{ config(materialized='grown', follows='load', after=['int_touched_users', 'int_entity_keys', 'int_account_keys']) }}
{%- set since = funnelkit.grown_since() -%}

-- Accounts, sessions and other entities that touched users have or had rows of, by load. Read from
-- every row of theirs, also from those that were dropped since: more than have to be, never fewer.
with

{% if funnelkit.grows() %}
users as (

    select user_key, bool_or(is_merged) as is_merged
    from {{ ref('int_touched_users') }}
    where load_no > {{ since }}
    group by user_key

),

ids as (

    select identities.logged_id, users.is_merged
    from {{ ref('int_identities') }} as identities
    inner join users on identities.user_key = users.user_key

),

accounts as (

    select log_ids.account_id, ids.is_merged
    from {{ ref('int_log_ids') }} as log_ids
    inner join ids on log_ids.logged_id = ids.logged_id
    union
    select told.account_id, ids.is_merged
    from {{ ref('stg_raw__users') }} as told
    inner join ids on told.logged_id = ids.logged_id

),

found as (

    select 'account_id' as entity, keys.account_key as entity_key, accounts.is_merged
    from accounts
    inner join {{ ref('int_account_keys') }} as keys on accounts.account_id = keys.account_id
    {%- for entity in funnelkit.other_entities() %}
    union
    {%- if funnelkit.is_cut_session(entity) %}
    select keys.entity, keys.entity_key, users.is_merged
    from {{ ref('int_entity_keys') }} as keys
    inner join users on keys.owner_key = users.user_key
    where keys.entity = '{{ entity }}'
    {%- else %}
    select keys.entity, keys.entity_key, ids.is_merged
    from {{ ref('stg_raw__events') }} as events
    inner join ids on events.logged_id = ids.logged_id
    inner join {{ ref('int_entity_keys') }} as keys
        on keys.entity = '{{ entity }}' and cast(events.{{ entity }} as string) = keys.entity_id
    {%- endif %}
    {%- endfor %}

),

final as (

    select entity, entity_key, bool_or(is_merged) as is_merged
    from found
    where {{ funnelkit.grown_until() }} > {{ since }}
    group by entity, entity_key

)
{% else %}
final as (

    select 'account_id' as entity, account_key as entity_key, false as is_merged
    from {{ ref('int_account_keys') }}
    where false

)
{% endif %}
select {{ funnelkit.grown_until() }} as load_no, entity, entity_key, is_merged
from final
