{{ config(enabled=funnelkit.declares('say')) }}
{%- set revenue = fromjson(funnelkit.project_say_plan()).revenue %}
-- What was told of the revenue of each customer, a row a user and time: rows that tell a part of what is
-- known tell nothing here where they leave the revenue out.
with
{% if revenue %}
told as (

    select identities.user_key, users.valid_from
    from {{ ref('stg_raw__users') }} as users
    inner join {{ ref('int_identities') }} as identities on users.logged_id = identities.logged_id
    where users.reject_reason is null and users.fk_told_{{ revenue }}
    group by identities.user_key, users.valid_from

),
{% endif %}
final as (
    {% if revenue %}
    select
        coalesce(known.account_id, customers.customer_id) as customer_id,
        known.user_id,
        known.valid_from,
        cast(known.{{ revenue }} as bigint) as revenue_cents
    from {{ ref('int_user_rows') }} as known
    inner join told on known.user_key = told.user_key and known.valid_from = told.valid_from
    inner join {{ ref('int_customers') }} as customers on known.user_key = customers.user_key
    where known.{{ revenue }} is not null
    {%- else %}
    select
        {{ funnelkit.no_values(['customer_id string', 'user_id string', 'valid_from timestamp', 'revenue_cents bigint']) }}
    where false
    {%- endif %}

)

select * from final
