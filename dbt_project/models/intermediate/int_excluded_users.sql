{%- set rules = funnelkit.settings().quality.exclude -%}

-- Users that a rule takes out with all their events: by what was told of them, or by a private list.
with

final as (
    {% set ns = namespace(parts=0) %}
    {%- for rule in rules if rule.users %}
    {{ 'union' if ns.parts }}
    {%- set ns.parts = ns.parts + 1 %}
    select user_key, {{ funnelkit.sql_text(rule.name) }} as excluded_by
    from {{ ref('int_user_rows') }}
    where {{ rule.users }}
    {%- endfor %}
    {%- for rule in rules if rule.list %}
    {{ 'union' if ns.parts }}
    {%- set ns.parts = ns.parts + 1 %}
    select identities.user_key, {{ funnelkit.sql_text(rule.name) }} as excluded_by
    from (
        select id as logged_id from {{ source('raw', 'lists') }} where list = {{ funnelkit.sql_text(rule.name) }}
        union
        select 'anonymous:' || id as logged_id from {{ source('raw', 'lists') }} where list = {{ funnelkit.sql_text(rule.name) }}
    ) as listed
    inner join {{ ref('int_identities') }} as identities on listed.logged_id = identities.logged_id
    {%- endfor %}
    {%- if not ns.parts %}
    select user_key, cast(null as string) as excluded_by from {{ ref('int_user_rows') }} where false
    {%- endif %}

)

select * from final
