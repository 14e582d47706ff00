{%- set settings = funnelkit.settings() -%}
{%- set quality = settings.quality -%}
{%- set has_account_funnels = fromjson(funnelkit.project_funnels()) | selectattr('entity', 'equalto', 'account_id') | list -%}

-- What became of every raw row: accepted, a duplicate, excluded, late or rejected; and what was
-- given up in rows that were kept. Nothing is counted as the rest of something else, so that
-- accepted + duplicate + excluded + late + rejected in staging = raw rows can fail.
with

accepted as (

    select 'events' as kind, count(*) as entries from {{ ref('fct_events') }}
    union all
    select 'users' as kind, count(*) as entries from {{ ref('int_user_rows') }}
    union all
    select 'feedback' as kind, count(*) as entries from {{ ref('fct_feedback') }}

),

feedback as (

    select feedback.response_id, users.excluded_by
    from {{ ref('stg_raw__feedback') }} as feedback
    left join {{ ref('int_identities') }} as identities on {{ funnelkit.logged_id('feedback.user_id', 'null') }} = identities.logged_id
    left join {{ ref('int_users') }} as users on identities.user_key = users.user_key
    where feedback.reject_reason is null

),

duplicates as (

    select 'events' as kind, 'same event_id as another row' as reason, count(*) as entries
    from {{ ref('int_events_duplicates') }}
    union all
    select 'users' as kind, 'same user_id and updated_at as another row' as reason,
        count(*) - count(distinct (identities.user_id, users.valid_from)) as entries
    from {{ ref('stg_raw__users') }} as users
    inner join {{ ref('int_identities') }} as identities on users.logged_id = identities.logged_id
    where users.reject_reason is null
    union all
    select 'feedback' as kind, 'same response_id as another row' as reason, count(*) - count(distinct response_id) as entries
    from feedback
    where excluded_by is null

),

left_out as (

    select outcome, reason, count(*) as entries
    from {{ ref('int_events_excluded') }}
    group by outcome, reason
    {# A rule that took nothing out says so. #}
    {%- for rule in quality.exclude %}
    union all
    select 'excluded' as outcome, {{ funnelkit.sql_text(rule.name) }} as reason, 0 as entries
    {%- endfor %}
    {%- if quality.near_duplicates_us is not none %}
    union all
    select 'duplicate' as outcome, 'near duplicate' as reason, 0 as entries
    {%- endif %}

),

{% if settings.as_of -%}
late as (
    {% for kind in ['events', 'users', 'feedback'] %}
    {{ 'union all' if not loop.first }}
    select '{{ kind }}' as kind, count(*) as entries
    from {{ ref('stg_raw__' ~ kind) }}
    where {{ funnelkit.is_late('reject_reason') }}
    {%- endfor %}

),

{% endif -%}
untyped as (

    select 'events' as kind, {{ funnelkit.each_part('untyped_values') }} as name
    from {{ ref('fct_events') }}
    where untyped_values <> ''
    union all
    select 'users' as kind, {{ funnelkit.each_part('untyped_values') }} as name
    from {{ ref('int_user_rows') }}
    where untyped_values <> ''

),

-- Ids whose owner a cap or a rule decided.
ids as (

    select how, count(*) as entries
    from {{ ref('int_identities') }}
    where how in ('too many users', 'too many ids', 'shared device')
    group by how

),

counted as (

    select kind, 'accepted' as outcome, kind as reason, entries
    from accepted
    union all
    select kind, 'duplicate' as outcome, reason, entries
    from duplicates
    where entries > 0
    union all
    select 'events' as kind, outcome, reason, sum(entries) as entries
    from left_out
    group by outcome, reason
    union all
    select 'feedback' as kind, 'excluded' as outcome, excluded_by as reason, count(*) as entries
    from feedback
    where excluded_by is not null
    group by all
    union all
    select kind, 'rejected' as outcome, {{ funnelkit.reject_group('stage', 'reason') }} as reason, count(*) as entries
    from {{ ref('raw_rejects') }}
    group by all
    {%- if settings.as_of %}
    union all
    select kind, 'late' as outcome, 'received after as_of' as reason, entries
    from late
    where entries > 0 or kind = 'events'
    {%- endif %}
    union all
    select kind, 'kept' as outcome, name || ' does not fit its type' as reason, count(*) as entries
    from untyped
    group by all
    union all
    select 'ids' as kind, 'kept' as outcome, case how
        when 'too many users' then {{ funnelkit.sql_text('device of more than ' ~ settings.identity.max_users_per_device ~ " users: nobody's") }}
        when 'too many ids' then 'would be more than {{ settings.identity.max_ids_per_person }} ids of one person: not merged'
        else {{ funnelkit.sql_text('device of several users: ' ~ ('nobody' if settings.identity.shared_devices == 'none' else 'the ' ~ settings.identity.shared_devices ~ ' user') ~ "'s") }}
    end as reason, entries
    from ids
    {%- if quality.skew_then == 'flag' %}
    union all
    select 'events' as kind, 'kept' as outcome, {{ funnelkit.sql_text(funnelkit.skew_reason(quality.skew_us)) }} as reason, count(*) as entries
    from {{ ref('fct_events') }}
    where is_skewed
    {%- endif %}
    {%- if has_account_funnels %}
    union all
    select 'events' as kind, 'kept' as outcome, 'no account: not in funnels of accounts' as reason, count(*) as entries
    from {{ ref('fct_events') }}
    where account_key is null
    having count(*) > 0
    {%- endif %}

)

select kind, outcome, reason, cast(entries as bigint) as entries
from counted
where entries > 0 or kind = 'events'
