{%- set specs = fromjson(funnelkit.project_funnels()) -%}
{%- set properties = funnelkit.settings().user_properties -%}
{%- set accounts = [] -%}
{%- for spec in specs if spec.entity == 'account_id' -%}{%- do accounts.append(spec) -%}{%- endfor -%}

-- One value a unit and breakdown; rows of a breakdown sum to the total.
with

journeys as (

    select * from {{ ref('int_funnel_journeys') }}

),

entered as (

    {{ funnelkit.funnel_entry_events(ref('int_funnel_rows'), tojson(specs)) }}

),

profiles as (

    select * from (
        {{ funnelkit.funnel_profiles(
            'entered', ref('fct_events'), ref('int_user_rows'), properties,
            funnelkit.funnel_of('entries.p') ~ ' in ' ~ funnelkit.funnel_list(tojson(accounts))
        ) }}
    ) as known

),

valued as (
    {% set ns = namespace(rows=0) -%}
    {%- for spec in specs %}
    {%- for breakdown in spec.breakdowns %}
    {{ 'union all' if ns.rows }}
    {%- set ns.rows = ns.rows + 1 %}
    {%- set name = funnelkit.sql_text(breakdown.name) %}
    {%- if breakdown.at == 'entry' %}
    select journeys.funnel_no, journeys.p, journeys.attempt, {{ name }} as breakdown, cast(profiles.{{ breakdown.property }} as string) as value
    from journeys
    inner join profiles on journeys.p = profiles.p and journeys.attempt = profiles.attempt
    where journeys.funnel_no = {{ spec.no }}
    {%- else %}
    {%- set numbers = {'first': 'first', 'last': 'last'} %}
    {%- for step in spec.steps if step.name not in numbers %}{% do numbers.update({step.name: step.no}) %}{% endfor %}
    select cast({{ spec.no }} as bigint) as funnel_no, p, attempt, {{ name }} as breakdown, value
    from (
        {{ funnelkit.funnel_values_at(
            tojson(spec), 'journeys', ref('int_funnel_chain_rows'), ref('int_funnel_rows'), ref('fct_events'),
            breakdown.property, numbers[breakdown.at]
        ) }}
    ) as values_{{ ns.rows }}
    {%- endif %}
    {%- endfor %}
    {%- endfor %}
    {%- if not ns.rows %}
    select funnel_no, p, attempt, '' as breakdown, '' as value from journeys where false
    {%- endif %}

),

grouped as (

    select * from (
        {{ funnelkit.funnel_value_groups('valued', ['funnel_no', 'p', 'attempt', 'breakdown'], ['funnel_no', 'breakdown']) }}
    ) as value_groups

),

final as (

    select
        entities.funnel,
        entities.entity_id,
        grouped.attempt,
        grouped.breakdown,
        grouped.value
    from grouped
    inner join {{ ref('int_funnel_entities') }} as entities on grouped.p = entities.p

)

select * from final
