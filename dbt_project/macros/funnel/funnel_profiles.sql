{#- What was known of every unit's user, or account, at its entry: p, attempt, and the properties
    (null where nothing was told by then). `entries`: funnel_entry_events; `user_rows`: what was told
    and from when; `by_account`: SQL that is true of a row of `entries` in a funnel of accounts,
    whose properties are those of the account's latest row. -#}
{% macro funnel_profiles(entries, events, user_rows, properties, by_account) -%}
with

entered as (
    select
        entries.p, entries.attempt, events.occurred_at,
        case when not {{ by_account }} then events.user_id end as user_id,
        case when {{ by_account }} then events.account_id end as account_id
    from {{ entries }} as entries
    inner join {{ events }} as events on entries.event_no = events.event_no
),

told as (
    select user_id, cast(null as string) as account_id, user_id as told_by, valid_from{% for name in properties %}, {{ name }}{% endfor %}
    from {{ user_rows }}
    union all
    select cast(null as string) as user_id, account_id, user_id as told_by, valid_from{% for name in properties %}, {{ name }}{% endfor %}
    from {{ user_rows }}
    where account_id is not null
),

known as (
    select entered.p, entered.attempt{% for name in properties %}, told.{{ name }}{% endfor %}
    from entered
    inner join told
        on coalesce('u' || entered.user_id, 'a' || entered.account_id) = coalesce('u' || told.user_id, 'a' || told.account_id)
        and told.valid_from <= entered.occurred_at
    qualify row_number() over (
        partition by entered.p, entered.attempt order by told.valid_from desc, told.told_by
    ) = 1
)

select entered.p, entered.attempt{% for name in properties %}, known.{{ name }}{% endfor %}
from entered
left join known on entered.p = known.p and entered.attempt = known.attempt
{%- endmacro %}
