{#- What became of every entity that entered: funnel_no, p, first_entry_us, last_entry_us, entry_us
    and last_us (of the reported chain), level, first_converted_us (from the first entry to the
    first conversion by it, the curve's clock), is_mature, matured_level, is_open, reason.
    Mature: the entry's window closed by observed_until, whatever happened in it. Without a window
    nothing is mature or open: is_mature, matured_level and is_open are null. -#}
{% macro funnel_journeys(rows, chain_rows, funnels, observed_us) -%}
with

entries as (
    select p, {{ funnel_of('p') }} as funnel_no, min(us) as first_entry_us, max(us) as last_entry_us
    from {{ rows }}
    where mask & 1 <> 0
    group by p
),

runs as (
    select run, p, max(step) as level, min(us) as entry_us, max(us) as last_us
    from {{ chain_rows }}
    group by run, p
),

joined as (
    select
        entries.*,
        funnels.steps,
        funnels.entry_rule = 'best' as is_best,
        whole.level,
        whole.entry_us,
        whole.last_us,
        mature.level as mature_run_level,
        initial.level as first_run_level,
        initial.last_us - initial.entry_us as first_run_us,
        entries.first_entry_us + funnels.window_us <= {{ observed_us }} as is_mature,
        case when funnels.entry_rule = 'best' then entries.last_entry_us else entries.first_entry_us end
            + funnels.window_us > {{ observed_us }} as has_open_entry
    from entries
    inner join {{ funnels }} as funnels on entries.funnel_no = funnels.funnel_no
    inner join runs as whole on entries.p = whole.p and whole.run = 'all'
    left join runs as mature on entries.p = mature.p and mature.run = 'mature'
    left join runs as initial on entries.p = initial.p and initial.run = 'first'
)

select
    funnel_no,
    p,
    first_entry_us,
    last_entry_us,
    entry_us,
    last_us,
    level,
    case
        when is_best then case when first_run_level = steps then first_run_us end
        when level = steps then last_us - entry_us
    end as first_converted_us,
    is_mature,
    case
        when is_mature and is_best then mature_run_level
        when is_mature then level
        when not is_mature then 0
    end as matured_level,
    case when has_open_entry is not null then level < steps and has_open_entry end as is_open,
    case
        when level = steps then 'converted'
        when has_open_entry is null then 'not reached'
        when has_open_entry then 'open'
        else 'window closed'
    end as reason
from joined
{%- endmacro %}
