{{ config(materialized='grown', follows='load', lists_entities=true, after=['fct_events', 'int_touched_users']) }}
{%- set entities = funnelkit.other_entities() -%}

-- Keys of the entities that are neither users nor accounts; a key once given stays.
-- owner_key: the user of a session that funnelkit cut.
with

found as (
    {% for entity in entities %}
    {{ 'union all' if not loop.first }}
    select
        '{{ entity }}' as entity,
        cast({{ entity }} as string) as entity_id,
        {{ 'min(user_key)' if funnelkit.is_cut_session(entity) else 'cast(null as bigint)' }} as owner_key
    from {{ ref('fct_events') }}
    where {{ entity }} is not null
        {%- if funnelkit.grows() %}
        and user_key in ({{ funnelkit.touched_users() }})
        {%- endif %}
    group by cast({{ entity }} as string)
    {%- else %}
    select cast(null as string) as entity, cast(null as string) as entity_id, cast(null as bigint) as owner_key
    from {{ ref('fct_events') }}
    where false
    {%- endfor %}

),

new as (

    select found.*
    from found
    {%- if funnelkit.grows() %}
    where not exists (
        select 1 from {{ this }} as known where known.entity = found.entity and known.entity_id = found.entity_id
    )
    {%- endif %}

)

{{ funnelkit.numbered('new', 'entity_id', 'entity_key', of='entity', rest=['owner_key']) }}
