-- What became of everybody in the log before a funnel counts them, as sql/ladder_funnel.sql has it.
-- Grain: funnel.
with

keys as (

    select 'user' as kind, user_key as entity_key
    from fct_events
    where user_key is not null
    group by user_key
    union all
    select 'account' as kind, account_key as entity_key
    from fct_events
    where account_key is not null
    group by account_key

),

people as (

    select funnels.funnel, funnels.funnel_no, keys.entity_key
    from keys
    inner join dim_funnels as funnels
        on keys.kind = case when funnels.entity = 'account_id' then 'account' else 'user' end

),

entered as (

    select distinct funnel_no, p - funnel_no * 72057594037927936 as entity_key
    from int_funnel_journeys

),

gone as (

    select distinct funnel_no, p - funnel_no * 72057594037927936 as entity_key
    from int_funnel_leavers

)

select
    people.funnel,
    count(*) as people,
    count(gone.entity_key) as left_out,
    count(entered.entity_key) as entered,
    count(case when gone.entity_key is null and entered.entity_key is null then 1 end) as others
from people
left join entered on people.funnel_no = entered.funnel_no and people.entity_key = entered.entity_key
left join gone on people.funnel_no = gone.funnel_no and people.entity_key = gone.entity_key
group by people.funnel
