-- What became of everybody in the log before a funnel counts them. Grain: funnel. `people` have an
-- event that counts; `left_out`: an exclusion of scope entity took them out; `entered`: they have an
-- entry; `others`: neither. Each is counted by itself; only `entered` of entities that are neither users
-- nor accounts.
with

keys as (

    select 'user_id' as entity, user_key as entity_key
    from fct_events
    where user_key is not null
    group by user_key
    union all
    select 'account_id' as entity, account_key as entity_key
    from fct_events
    where account_key is not null
    group by account_key

),

people as (

    select funnels.funnel_no, keys.entity_key
    from keys
    inner join dim_funnels as funnels on keys.entity = funnels.entity

),

entered as (

    select distinct funnel_no, p - funnel_no * 72057594037927936 as entity_key
    from int_funnel_journeys

),

gone as (

    select distinct funnel_no, p - funnel_no * 72057594037927936 as entity_key
    from int_funnel_leavers

),

counted as (

    select
        people.funnel_no,
        count(*) as people,
        count(gone.entity_key) as left_out,
        count(case when gone.entity_key is null and entered.entity_key is null then 1 end) as others
    from people
    left join entered on people.funnel_no = entered.funnel_no and people.entity_key = entered.entity_key
    left join gone on people.funnel_no = gone.funnel_no and people.entity_key = gone.entity_key
    group by people.funnel_no

),

entries as (

    select funnel_no, count(*) as entered
    from entered
    group by funnel_no

)

select
    funnels.funnel,
    case when funnels.entity in ('user_id', 'account_id') then coalesce(counted.people, 0) end as people,
    case when funnels.entity in ('user_id', 'account_id') then coalesce(counted.left_out, 0) end as left_out,
    coalesce(entries.entered, 0) as entered,
    case when funnels.entity in ('user_id', 'account_id') then coalesce(counted.others, 0) end as others
from dim_funnels as funnels
left join counted on funnels.funnel_no = counted.funnel_no
left join entries on funnels.funnel_no = entries.funnel_no
