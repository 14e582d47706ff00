{{ config(enabled=funnelkit.declares('aha')) }}
-- Whether each outcome came about, for every entrant of every clock that it fits.
with

told as (

    select * from {{ ref('int_outcomes') }}

),

entrants as (

    select * from {{ ref('int_entrants') }}

),

outcomes as (

    select * from {{ ref('dim_outcomes') }}

),

final as (

    select
        told.clock_no,
        told.outcome_no,
        told.entity_key,
        entrants.clock,
        outcomes.outcome,
        entrants.entity_id,
        told.happened_us,
        told.is_eligible,
        told.is_mature,
        told.happened,
        entrants.entry_at
    from told
    inner join entrants on told.clock_no = entrants.clock_no and told.entity_key = entrants.entity_key
    inner join outcomes on told.outcome_no = outcomes.outcome_no

)

select * from final
