-- One value an entity and breakdown, as of the first entry; rows of a breakdown sum to the total.
with

journeys as (

    select
        entities.funnel,
        entities.entity,
        entities.entity_id,
        {{ funnelkit.from_us('journeys.first_entry_us') }} as first_entry_at
    from {{ ref('int_funnel_journeys') }} as journeys
    inner join {{ ref('int_funnel_entities') }} as entities on journeys.p = entities.p

),

breakdowns as (

    {{ funnelkit.declared_breakdowns() }}

),

told as (

    select user_id as entity_id, 'user_id' as entity, property, value, valid_from, user_id
    from {{ ref('dim_user_properties') }}
    union all
    select account_id as entity_id, 'account_id' as entity, property, value, valid_from, user_id
    from {{ ref('dim_user_properties') }}
    where account_id is not null

),

known as (

    select
        journeys.funnel,
        journeys.entity_id,
        breakdowns.breakdown,
        told.value
    from journeys
    inner join breakdowns on journeys.funnel = breakdowns.funnel
    inner join told
        on journeys.entity_id = told.entity_id
        and journeys.entity = told.entity
        and breakdowns.breakdown = told.property
        and told.valid_from <= journeys.first_entry_at
    qualify row_number() over (
        partition by journeys.funnel, journeys.entity_id, breakdowns.breakdown
        order by told.valid_from desc, told.user_id
    ) = 1

),

valued as (

    select
        journeys.funnel,
        journeys.entity_id,
        breakdowns.breakdown,
        coalesce(known.value, '(none)') as value
    from journeys
    inner join breakdowns on journeys.funnel = breakdowns.funnel
    left join known
        on journeys.funnel = known.funnel
        and journeys.entity_id = known.entity_id
        and breakdowns.breakdown = known.breakdown

),

-- Beyond the twelve most frequent values the rest is (other).
ranked as (

    select
        funnel,
        breakdown,
        value,
        row_number() over (partition by funnel, breakdown order by count(*) desc, value) as value_rank
    from valued
    group by funnel, breakdown, value

),

final as (

    select
        valued.funnel,
        valued.entity_id,
        valued.breakdown,
        case when ranked.value_rank <= 12 then valued.value else '(other)' end as value
    from valued
    inner join ranked
        on valued.funnel = ranked.funnel
        and valued.breakdown = ranked.breakdown
        and valued.value = ranked.value

)

select * from final
