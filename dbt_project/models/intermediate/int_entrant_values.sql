{{ config(enabled=funnelkit.declares('aha')) }}
{%- set plan = fromjson(funnelkit.project_aha_plan()) -%}
{%- set properties = funnelkit.settings().user_properties -%}
{%- set accounts = plan.clocks | selectattr('entity', 'equalto', 'account_id') | list -%}

-- What was known of every entrant at its entry: one value a user property.
with

entered as (

    -- p as the kernel's: clock and entity in one number.
    select clock_no * 72057594037927936 + entity_key as p, cast(0 as bigint) as attempt, entry_event_no as event_no
    from {{ ref('int_entrants') }}

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
    {% for name in properties %}
    {{ 'union all' if not loop.first }}
    select {{ funnelkit.funnel_of('p') }} as clock_no, p, {{ funnelkit.sql_text(name) }} as breakdown, cast({{ name }} as string) as value
    from profiles
    {%- else %}
    select {{ funnelkit.funnel_of('p') }} as clock_no, p, '' as breakdown, '' as value
    from profiles
    where false
    {%- endfor %}

),

grouped as (

    select * from (
        {{ funnelkit.funnel_value_groups('valued', ['clock_no', 'p', 'breakdown'], ['clock_no', 'breakdown']) }}
    ) as value_groups

),

final as (

    select
        clock_no,
        p - clock_no * 72057594037927936 as entity_key,
        breakdown,
        value
    from grouped

)

select * from final
