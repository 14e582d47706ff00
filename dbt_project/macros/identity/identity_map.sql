{#- Whose every id of the log is: logged_id, user_id, valid_from (when the log told; null for an id
    that stands for itself), how.
    Ids are one person where an alias says so, and transitively. Rows that carry a user and a device
    give the device's anonymous events to the user, but never make two users of one device one
    person: a shared device goes by `shared_devices`. A merge of more ids than `max_ids_per_person`,
    and a device of more users than `max_users_per_device`, are not followed.
    `log_ids`: as int_log_ids; `told_ids`: relation of logged_ids that only user rows name. -#}
{% macro identity_map(log_ids, told_ids, rules) -%}
with

{{ id_merges(log_ids, told_ids) }},

{{ id_persons('merges', rules.max_ids_per_person) }},

-- By when the log had told that an id is the person.
told as (
    {{ told_ways('persons', 'merges', rules.max_ids_per_person) }}
),

-- Ids that aliases name and no row else are ways to a person, too.
merged as (
    select
        coalesce(ids.logged_id, persons.logged_id) as logged_id,
        coalesce(persons.person_id, ids.logged_id) as person_id,
        coalesce(persons.is_too_large, false) as is_too_large,
        coalesce(told.told_at, cast('0001-01-01' as timestamp)) as told_at,
        ids.logged_id is not null as is_seen
    from ids
    full join persons on ids.logged_id = persons.logged_id
    left join told on persons.logged_id = told.logged_id and persons.person_id = told.person_id
),

-- Users seen with a device, or told to have been it.
pairs as (
    select
        'anonymous:' || anonymous_id as device, user_id,
        min(first_seen_at) as first_seen_at, max(last_seen_at) as last_seen_at, min(first_told_at) as first_told_at
    from {{ log_ids }}
    where anonymous_id is not null and user_id is not null
    group by 1, 2
    union all
    select other as device, id as user_id, first_seen_at, last_seen_at, first_told_at
    from aliases
    where other like 'anonymous:%' and id not like 'anonymous:%'
    union all
    select id as device, other as user_id, first_seen_at, last_seen_at, first_told_at
    from aliases
    where id like 'anonymous:%' and other not like 'anonymous:%'
),

links as (
    select
        coalesce(devices.person_id, pairs.device) as device,
        coalesce(users.person_id, pairs.user_id) as user_id,
        min(pairs.first_seen_at) as first_seen_at,
        max(pairs.last_seen_at) as last_seen_at,
        min(greatest(pairs.first_told_at, devices.told_at, users.told_at)) as told_at
    from pairs
    left join merged as devices on pairs.device = devices.logged_id
    left join merged as users on pairs.user_id = users.logged_id
    group by 1, 2
),

owners as (
    select
        device,
        user_id,
        told_at,
        count(*) over (partition by device) as users
    from links
    qualify row_number() over (
        partition by device
        order by
            {%- if rules.shared_devices == 'last' %} last_seen_at desc nulls last, user_id desc
            {%- else %} first_seen_at nulls last, user_id
            {%- endif %}
    ) = 1
),

owned as (
    select
        merged.*,
        case
            when owners.users = 1 then owners.user_id
            when owners.users > {{ rules.max_users_per_device }} then null
            {%- if rules.shared_devices != 'none' %}
            when owners.users > 1 then owners.user_id
            {%- endif %}
        end as owner_id,
        case
            when owners.users = 1 then 'device'
            when owners.users > {{ rules.max_users_per_device }} then 'too many users'
            when owners.users > 1 then 'shared device'
            when merged.is_too_large then 'too many ids'
            when merged.person_id <> merged.logged_id then 'merge'
            else 'itself'
        end as how,
        owners.told_at as owned_at
    from merged
    left join owners on merged.person_id = owners.device
    where merged.is_seen
),

final as (
    select
        logged_id,
        coalesce(owner_id, person_id) as user_id,
        how,
        case
            when owner_id is not null then greatest(owned_at, told_at)
            when person_id <> logged_id then told_at
        end as valid_from
    from owned
)

select logged_id, user_id, how, valid_from from final
{%- endmacro %}

{#- Queries of a `with`: ids, aliases, and merges (a, b, first_told_at; both directions): what makes one
    person of two ids. -#}
{% macro id_merges(log_ids, told_ids) -%}
ids as (
    select logged_id, min(first_seen_at) as first_seen_at
    from (
        select logged_id, first_seen_at from {{ log_ids }}
        union all
        select 'anonymous:' || anonymous_id as logged_id, first_seen_at
        from {{ log_ids }}
        where anonymous_id is not null
        union all
        select logged_id, cast(null as timestamp) as first_seen_at from {{ told_ids }}
    ) as named
    group by logged_id
),

-- An alias names a user where there is one of that id, else a device.
aliases as (
    select
        told.logged_id as id,
        coalesce(users.logged_id, 'anonymous:' || told.previous_id) as other,
        min(told.first_seen_at) as first_seen_at,
        max(told.last_seen_at) as last_seen_at,
        min(told.first_told_at) as first_told_at
    from {{ log_ids }} as told
    left join ids as users on told.previous_id = users.logged_id
    where told.previous_id is not null
    group by 1, 2
),

-- Two users, or two devices, are one person.
merges as (
    select id as a, other as b, first_told_at from aliases
    where id <> other and (id like 'anonymous:%') = (other like 'anonymous:%')
    union all
    select other as a, id as b, first_told_at from aliases
    where id <> other and (id like 'anonymous:%') = (other like 'anonymous:%')
)
{%- endmacro %}

{#- Queries of a `with` behind id_merges: persons (logged_id, person_id, is_too_large), a row for each id
    that a merge names. -#}
{% macro id_persons(merges, max_ids) -%}
edges as (
    select distinct a, b from {{ merges }}
),

labels as (
    {{ id_groups('edges', max_ids) }}
),

-- Groups that one edge more would have made larger are part of a component that is too large.
sized as (
    select
        node,
        label,
        count(*) over (partition by label) > {{ max_ids }} or bool_or(is_cut) over (partition by label) as is_too_large
    from (
        select ways.b as node, max(case when ways.a = ways.b then labels.label end) as label, min(labels.label) <> max(labels.label) as is_cut
        from labels
        inner join (
            select a, b from edges
            union
            select a, a as b from edges
        ) as ways on labels.node = ways.a
        group by ways.b
    ) as labelled
),

-- The person goes by the id that was seen first.
persons as (
    select
        sized.node as logged_id,
        case
            when sized.is_too_large then sized.node
            else first_value(sized.node) over (
                partition by sized.label order by ids.first_seen_at nulls last, sized.node
            )
        end as person_id,
        sized.is_too_large
    from sized
    left join ids on sized.node = ids.logged_id
)
{%- endmacro %}
