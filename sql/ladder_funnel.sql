-- What became of everybody in the log before a funnel counts them. One row. Parameter: funnel.
-- `people` have an event that counts; `left_out`: an exclusion of scope entity took them out;
-- `entered`: they have an entry; `others`: neither. Each is counted by itself.
with

funnels as (

    select funnel_no, entity from dim_funnels where funnel = $funnel

),

people as (

    select distinct case when funnels.entity = 'account_id' then events.account_key else events.user_key end as entity_key
    from fct_events as events
    cross join funnels

),

entered as (

    select distinct journeys.p - journeys.funnel_no * 72057594037927936 as entity_key
    from int_funnel_journeys as journeys
    inner join funnels on journeys.funnel_no = funnels.funnel_no

),

gone as (

    select distinct leavers.p - leavers.funnel_no * 72057594037927936 as entity_key
    from int_funnel_leavers as leavers
    inner join funnels on leavers.funnel_no = funnels.funnel_no

)

select
    count(*) as people,
    count(gone.entity_key) as left_out,
    count(entered.entity_key) as entered,
    count(*) filter (gone.entity_key is null and entered.entity_key is null) as others
from people
left join entered on people.entity_key = entered.entity_key
left join gone on people.entity_key = gone.entity_key
where people.entity_key is not null
