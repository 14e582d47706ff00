-- The id behind the key of every entity that entered a funnel.
with

journeys as (

    select distinct p, funnel_no, p - funnel_no * 72057594037927936 as entity_key
    from {{ ref('int_funnel_journeys') }}

),

funnels as (

    select funnel_no, funnel, entity from {{ ref('dim_funnels') }}

),

final as (

    select
        journeys.p,
        funnels.funnel_no,
        funnels.funnel,
        funnels.entity,
        coalesce(users.user_id, accounts.account_id, others.entity_id) as entity_id
    from journeys
    inner join funnels on journeys.funnel_no = funnels.funnel_no
    left join {{ ref('dim_users') }} as users
        on journeys.entity_key = users.user_key and funnels.entity = 'user_id'
    left join {{ ref('dim_accounts') }} as accounts
        on journeys.entity_key = accounts.account_key and funnels.entity = 'account_id'
    left join {{ ref('int_entity_keys') }} as others
        on journeys.entity_key = others.entity_key and funnels.entity = others.entity

)

select * from final
