{{ config(
    materialized='grown', follows='load', reads=['identity', 'as_of'], after=['int_log_ids'],
    pre_hook='{{ funnelkit.log_id_rounds() }}', post_hook='{{ funnelkit.restate_ids() }}'
) }}

-- Whose every id is, one row each time that this changed: from whom, to whom, by which load.
with

told_ids as (

    {{ funnelkit.told_ids() }}

),

log_ids as (

    select * from {{ ref('int_log_ids') }}

),

identities as (

    select * from (
        {{ funnelkit.identity_map('log_ids', 'told_ids', funnelkit.settings().identity) }}
    ) as map

),
{% if funnelkit.grows() %}
before as (

    select
        logged_id,
        max_by(user_id, load_no) as user_id,
        max_by(how, load_no) as how,
        max_by(coalesce(valid_from, cast('0001-01-01' as timestamp)), load_no) as valid_from
    from {{ this }}
    group by logged_id

),
{% endif %}
final as (

    select
        {{ funnelkit.grown_until() }} as load_no,
        identities.logged_id,
        {{ 'before.user_id' if funnelkit.grows() else 'cast(null as string)' }} as previous_user_id,
        identities.user_id,
        identities.how,
        identities.valid_from
    from identities
    {%- if funnelkit.grows() %}
    left join before on identities.logged_id = before.logged_id
    where {{ funnelkit.grown_until() }} > {{ funnelkit.grown_since() }} and (before.logged_id is null or before.user_id <> identities.user_id or before.how <> identities.how
        or before.valid_from <> coalesce(identities.valid_from, cast('0001-01-01' as timestamp)))
    {%- endif %}

)

select * from final
