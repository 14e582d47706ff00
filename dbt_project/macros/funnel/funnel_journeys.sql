{#- Every unit that entered, with the outcomes of its runs side by side: funnel_no, p, attempt,
    first_entry_us, last_entry_us (in the range asked for), lane_p, depth, last_pos, open_until_us,
    level, entry_us, last_us (of the reported chain), mature_level (the deepest that mature entries
    got), initial_level and initial_us (how far the first entry got, and how long it took). -#}
{% macro funnel_units(rows, chains, chain_rows, specs_json, since_us=none, until_us=none) -%}
{%- set with_runs = fromjson(specs_with_runs(specs_json)) -%}
{%- set competing = funnel_of('entries.p') ~ ' in ' ~ funnel_list(tojson(with_runs)) -%}
with

entries as (
    {{ unit_entries(rows, specs_json, since_us, until_us) }}
),

runs as (
    select
        run, p, attempt,
        max(step) filter (where not is_optional) as level,
        min(us) as entry_us,
        max(us) filter (where not is_optional) as last_us
    from {{ chain_rows }}
    group by run, p, attempt
)

select
    entries.funnel_no, entries.p, entries.attempt, entries.first_entry_us, entries.last_entry_us,
    chains.lane_p, chains.depth, chains.last_pos, chains.open_until_us,
    whole.level, whole.entry_us, whole.last_us,
    {%- if with_runs %}
    case when {{ competing }} then mature.level else whole.level end as mature_level,
    case when {{ competing }} then initial.level else whole.level end as initial_level,
    case when {{ competing }} then initial.last_us - initial.entry_us else whole.last_us - whole.entry_us end as initial_us
    {%- else %}
    whole.level as mature_level,
    whole.level as initial_level,
    whole.last_us - whole.entry_us as initial_us
    {%- endif %}
from entries
inner join {{ chains }} as chains
    on entries.p = chains.p and entries.attempt = chains.attempt and chains.run = 'all'
inner join runs as whole
    on entries.p = whole.p and entries.attempt = whole.attempt and whole.run = 'all'
{%- if with_runs %}
left join runs as mature
    on entries.p = mature.p and entries.attempt = mature.attempt and mature.run = 'mature'
left join runs as initial
    on entries.p = initial.p and entries.attempt = initial.attempt and initial.run = 'first'
{%- endif %}
{%- endmacro %}

{#- What became of every unit (funnel_units) that entered (entity, or attempt under `count: entries`): funnel_no, p,
    attempt, first_entry_us, last_entry_us, entry_us and last_us (of the reported chain), level (the
    deepest required step reached, by its number), first_converted_us (from the first entry to the
    first conversion by it, the curve's clock), is_mature, matured_level, is_open, reason, stopped_us
    (when the reason came about or will).
    Mature: the entry's window closed by observed_until, whatever happened in it. Without a window
    nothing is mature or open: is_mature, matured_level and is_open are null.
    `left`: of those instead whom an exclusion of scope `entity` takes out. -#}
{% macro funnel_journeys(units, rows, chains, funnels, specs_json, observed_us, left=false) -%}
{%- set specs = fromjson(specs_json) -%}
{%- set with_leavers = fromjson(specs_with_leavers(specs_json)) | length > 0 -%}
{%- set with_exclusions = specs | selectattr('exclude') | list | length > 0 -%}
{%- set strict = specs | selectattr('order', 'equalto', 'strict') | list -%}
{%- set stepwise = specs | rejectattr('step_window_us', 'none') | list -%}
with

joined as (
    select
        units.*,
        funnels.final_step,
        funnels.window_us,
        units.first_entry_us + funnels.window_us <= {{ observed_us }} as is_mature,
        coalesce(units.open_until_us > {{ observed_us }}, false) as could_go_on
    from {{ units }} as units
    inner join {{ funnels }} as funnels on units.funnel_no = funnels.funnel_no
)

{%- if with_leavers %},

leavers as (
    {{ funnel_leavers(chains) }}
)
{%- endif %}
{%- if with_exclusions %},

-- The first row that forbids the next step, while the window of the chain is open.
exclusions as (
    select joined.p, joined.attempt, min(rows.us) as us
    from joined
    inner join {{ rows }} as rows
        on joined.lane_p = rows.p and rows.pos > joined.last_pos and rows.xmask <> 0
        and (joined.window_us is null or rows.us <= joined.entry_us + joined.window_us)
    where {{ next_step_excluded(specs_json) }}
    group by joined.p, joined.attempt
)
{%- endif %}
{%- if strict %},

-- Under `strict`, whatever came next.
others as (
    select joined.p, joined.attempt, rows.us
    from joined
    inner join {{ rows }} as rows
        on joined.p = {{ entity_of(specs_json, 'rows.p') }} and rows.pos = joined.last_pos + 1
        and (joined.window_us is null or rows.us <= joined.entry_us + joined.window_us)
    where joined.funnel_no in {{ funnel_list(tojson(strict)) }}
)
{%- endif %},

told as (
    select
        joined.*,
        {{ 'exclusions.us' if with_exclusions else 'cast(null as bigint)' }} as excluded_us,
        {{ 'others.us' if strict else 'cast(null as bigint)' }} as other_us,
        {% if stepwise -%}
        last_us + {{ by_funnel(funnel_option(tojson(stepwise), 'step_window_us', none), 'joined.p') }}
        {%- if stepwise | length < specs | length %} * case when joined.funnel_no in {{ funnel_list(tojson(stepwise)) }} then 1 end{% endif %}
        {%- else -%}
        cast(null as bigint)
        {%- endif %} as step_closed_us,
        case
            when level = final_step then 'converted'
            when could_go_on then 'open'
        end as state
    from joined
    {%- if with_exclusions %}
    left join exclusions on joined.p = exclusions.p and joined.attempt = exclusions.attempt
    {%- endif %}
    {%- if strict %}
    left join others on joined.p = others.p and joined.attempt = others.attempt
    {%- endif %}
)

select
    funnel_no,
    p,
    attempt,
    first_entry_us,
    last_entry_us,
    entry_us,
    last_us,
    level,
    case when initial_level = final_step then initial_us end as first_converted_us,
    is_mature,
    case
        when is_mature then mature_level
        when not is_mature then 0
    end as matured_level,
    case when window_us is not null then level < final_step and could_go_on end as is_open,
    case
        when state is not null then state
        when excluded_us is not null then 'excluded'
        when other_us is not null then 'interrupted'
        when window_us is null then 'not reached'
        when step_closed_us < entry_us + window_us then 'step window closed'
        else 'window closed'
    end as reason,
    case
        when state = 'converted' then last_us
        when state = 'open' then open_until_us
        when excluded_us is not null then excluded_us
        when other_us is not null then other_us
        when step_closed_us < entry_us + window_us then step_closed_us
        else coalesce(open_until_us, entry_us + window_us)
    end as stopped_us
from told
{%- if with_leavers %}
where {{ 'not ' if not left }}exists (select 1 from leavers where leavers.p = told.p)
{%- elif left %}
where false
{%- endif %}
{%- endmacro %}

{#- First and last entry of every unit, in the range asked for, and the event of the first: p, attempt,
    funnel_no, first_entry_us, last_entry_us, event_no. -#}
{% macro unit_entries(rows, specs_json, since_us=none, until_us=none) -%}
    {%- set entities = [] -%}
    {%- set attempts = [] -%}
    {%- for spec in fromjson(specs_json) -%}
        {%- do (attempts if spec.count == 'entries' else entities).append(spec) -%}
    {%- endfor -%}
    {%- if entities or not attempts %}
    select
        {{ entity_of(specs_json, 'p') }} as p, cast(0 as bigint) as attempt,
        {{ funnel_of('min(p)') }} as funnel_no, min(us) as first_entry_us, max(us) as last_entry_us,
        min_by(event_no, pos) as event_no
    from {{ rows }}
    where {{ entry_condition(tojson(entities), specs_json, since_us, until_us) }}
    group by {{ entity_of(specs_json, 'p') }}
    {%- endif %}
    {{- '\n    union all' if entities and attempts }}
    {%- if attempts %}
    select
        {{ entity_of(specs_json, 'p') }} as p, pos as attempt,
        {{ funnel_of('p') }} as funnel_no, us as first_entry_us, us as last_entry_us, event_no
    from {{ rows }}
    where {{ entry_condition(tojson(attempts), specs_json, since_us, until_us) }}
    {%- endif %}
{%- endmacro %}

{#- Entities that an exclusion of scope `entity` takes out: without it they would get further. -#}
{% macro funnel_leavers(chains) -%}
    select p
    from {{ chains }}
    where run in ('all', 'free')
    group by p
    having max(case when run = 'free' then depth end) > max(case when run = 'all' then depth end)
{%- endmacro %}

{#- Whether a row of `rows` excludes the step after the depth of `joined`. -#}
{% macro next_step_excluded(specs_json) -%}
    {%- set cases = [] -%}
    {%- for k in range(2, chain_steps(specs_json) | int + 1) -%}
        {%- for each in fromjson(exclusion_bits(specs_json, k, 'covering', false)) if each.value -%}
            {%- do cases.append('joined.funnel_no = ' ~ each.no ~ ' and joined.depth = ' ~ (k - 1) ~ ' and rows.xmask & ' ~ each.value ~ ' <> 0') -%}
        {%- endfor -%}
    {%- endfor -%}
    {{- cases | join('\n        or ') if cases else 'false' -}}
{%- endmacro %}
