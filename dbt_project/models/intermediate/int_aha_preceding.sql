{{ config(enabled=funnelkit.declares('aha')) }}
{%- set plan = fromjson(funnelkit.project_aha_plan()) -%}
{%- set search = plan.search -%}
{%- set key = funnelkit.entity_keys()[search.entity] if search else '' -%}

-- Which event came right before an outcome, in the same session: of an event that nearly always does,
-- the outcome is no news. Only of entrants whose outcome happened, on the clock of the search.
{% if search -%}
with

events as (

    {{ funnelkit.funnel_events() }}

),

entrants as (

    select entity_key, entry_us from {{ ref('int_entrants') }} where clock_no = {{ search.clock_no }}

),

happened as (

    select outcomes.outcome_no, outcomes.entity_key, entrants.entry_us + outcomes.happened_us as us
    from {{ ref('int_outcomes') }} as outcomes
    inner join entrants on outcomes.entity_key = entrants.entity_key
    where outcomes.clock_no = {{ search.clock_no }} and outcomes.is_eligible and outcomes.is_mature
        and outcomes.happened_us is not null

),

-- The event that brought the outcome about; of several at one instant the least by id.
candidates as (
    {% set ns = namespace(parts=0) -%}
    {%- for pair in plan.pairs if pair.clock_no == search.clock_no %}
    {%- set outcome = plan.outcomes[pair.outcome_no] %}
    {%- if not outcome.negated and outcome.kind != 'funnel' %}
    {{ 'union all' if ns.parts }}
    {%- set ns.parts = ns.parts + 1 %}
    select happened.outcome_no, happened.entity_key, matched.event_no, matched.event_id
    from happened
    inner join (
        select {{ key }} as entity_key, event_no, event_id, {{ funnelkit.epoch_us('occurred_at') }} as us
        from events
        where {{ funnelkit.step_predicate(outcome) }}
            {{- ' and ' ~ outcome.property ~ ' is not null' if outcome.kind == 'sum' }}
    ) as matched
        on happened.entity_key = matched.entity_key and happened.us = matched.us
    where happened.outcome_no = {{ outcome.no }}
    {%- elif not outcome.negated %}
    {{ 'union all' if ns.parts }}
    {%- set ns.parts = ns.parts + 1 %}
    select happened.outcome_no, happened.entity_key, events.event_no, events.event_id
    from happened
    inner join {{ ref('int_funnel_chain_rows') }} as chain_rows
        on chain_rows.p = {{ outcome.funnel_no * 72057594037927936 }} + happened.entity_key
        and chain_rows.us = happened.us
        and not chain_rows.is_optional
    inner join {{ ref('dim_funnels') }} as funnels
        on funnels.funnel_no = {{ outcome.funnel_no }} and chain_rows.step = funnels.final_step
    inner join events on chain_rows.event_no = events.event_no
    where happened.outcome_no = {{ outcome.no }} and chain_rows.run in ('all', 'first')
    {%- endif %}
    {%- endfor %}
    {%- if not ns.parts %}
    select outcome_no, entity_key, cast(null as bigint) as event_no, '' as event_id from happened where false
    {%- endif %}

),

chosen as (

    select outcome_no, entity_key, min_by(event_no, event_id) as event_no
    from candidates
    group by outcome_no, entity_key

),

-- Events of a user are numbered without a gap: the one before has the number before.
preceding as (

    select chosen.outcome_no, before.event_name
    from chosen
    inner join {{ ref('fct_events') }} as outcome_events on chosen.event_no = outcome_events.event_no
    inner join {{ ref('fct_events') }} as before on chosen.event_no - 1 = before.event_no
    where case
        when outcome_events.session_id is not null then before.session_id = outcome_events.session_id
        else {{ funnelkit.epoch_us('outcome_events.occurred_at') }} - {{ funnelkit.epoch_us('before.occurred_at') }} <= 1800000000
    end

),

sizes as (

    select outcome_no, count(*) as outcome_entities from chosen group by outcome_no

)

select
    preceding.outcome_no,
    preceding.event_name,
    count(*) as entities,
    sizes.outcome_entities
from preceding
inner join sizes on preceding.outcome_no = sizes.outcome_no
group by preceding.outcome_no, preceding.event_name, sizes.outcome_entities
{%- else -%}
select entity_key as outcome_no, '' as event_name, entity_key as entities, entity_key as outcome_entities
from {{ ref('int_entrants') }}
where false
{%- endif %}
