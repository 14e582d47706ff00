-- Everything refused, and why: lines that could not be parsed (by load), values that could not be
-- used (in staging). Nothing wrong is dropped without standing here; rows after `as_of` are not
-- wrong, and rows that rules leave out are in int_events_duplicates and int_events_excluded.
with

loaded as (

    select kind, 'load' as stage, reason, text, source_file, source_line
    from {{ source('raw', 'rejects') }}

),

staged as (
    {% for kind in ['events', 'users', 'feedback'] %}
    {{ 'union all' if not loop.first }}
    select '{{ kind }}' as kind, 'staging' as stage, reject_reason as reason, reject_text as text, source_file, source_line
    from {{ ref('stg_raw__' ~ kind) }}
    where reject_reason is not null and not {{ funnelkit.is_late('reject_reason') }}
    {%- endfor %}

),

final as (

    select * from loaded
    union all
    select * from staged

)

select * from final
