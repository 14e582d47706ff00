{{ config(enabled=funnelkit.declares('aha')) }}
-- A funnel's clock has exactly the entities of its journeys that entered by observed_until, each with its
-- first entry, and every outcome and aha moment on it has a row for each.
with

journeys as (

    select funnel, entity_id, min(first_entry_at) as entry_at
    from {{ ref('fct_funnel_journeys') }}
    where funnel in (select clock from {{ ref('int_entrants') }})
    group by funnel, entity_id
    having min(first_entry_at) <= (select observed_until from {{ ref('int_observed_until') }})

),

entrants as (

    select clock, entity_id, entry_at
    from {{ ref('int_entrants') }}
    where clock in (select funnel from {{ ref('dim_funnels') }})

),

sizes as (

    select clock_no, count(*) as entrants from {{ ref('int_entrants') }} group by clock_no

)

(select * from journeys except select * from entrants)
union all
(select * from entrants except select * from journeys)
union all
select told.outcome as funnel, told.clock as entity_id, min(told.entry_at) as entry_at
from {{ ref('fct_outcomes') }} as told
inner join sizes on told.clock_no = sizes.clock_no
group by told.outcome, told.clock, sizes.entrants
having count(*) <> sizes.entrants
union all
select told.aha as funnel, moments.clock as entity_id, min(told.entry_at) as entry_at
from {{ ref('fct_aha_moments') }} as told
inner join {{ ref('dim_aha_moments') }} as moments on told.aha = moments.aha
inner join sizes on moments.clock_no = sizes.clock_no
group by told.aha, moments.clock, sizes.entrants
having count(*) <> sizes.entrants
