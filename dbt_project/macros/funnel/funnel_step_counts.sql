{#- Counts and time quantiles: funnel_no, the columns of `groups` but p, step, entered, reached,
    open, lost, matured, matured_reached (the last four null without a window), and p25_us,
    median_us, p75_us, p90_us from the previous step, over converters from mature entries
    (discrete quantiles: a value that occurred). `groups`: relation with p and the columns named in
    `by`; an entity may stand in several groups. `total`: whether (all) stands for everybody. -#}
{% macro funnel_step_counts(journeys, chain_rows, funnels, steps, groups, by, total=false) -%}
with

outcomes as (
    select
        journeys.funnel_no,
        {% for column in by %}groups.{{ column }}, {% endfor %}
        journeys.level,
        journeys.is_mature,
        journeys.matured_level,
        journeys.is_open,
        count(*) as entities
    from {{ journeys }} as journeys
    inner join {{ groups }} as groups on journeys.p = groups.p
    group by all
),

-- A group stands at every step, also where nobody got; the total also where nobody entered.
present as (

    select distinct funnel_no{% for column in by %}, {{ column }}{% endfor %}
    from outcomes
    {%- if total %}
    union
    select funnel_no{% for column in by %}, '(all)' as {{ column }}{% endfor %}
    from {{ funnels }}
    {%- endif %}

),

counts as (
    select
        present.funnel_no,
        {% for column in by %}present.{{ column }}, {% endfor %}
        steps.step,
        cast(coalesce(sum(entities), 0) as bigint) as entered,
        cast(coalesce(sum(entities) filter (where level >= step), 0) as bigint) as reached,
        cast(coalesce(sum(entities) filter (where level = step - 1 and is_open), 0) as bigint) as open,
        cast(coalesce(sum(entities) filter (where level = step - 1 and not is_open), 0) as bigint) as lost,
        cast(coalesce(sum(entities) filter (where is_mature), 0) as bigint) as matured,
        cast(coalesce(sum(entities) filter (where is_mature and matured_level >= step), 0) as bigint) as matured_reached
    from present
    inner join {{ steps }} as steps on present.funnel_no = steps.funnel_no
    left join outcomes
        on present.funnel_no = outcomes.funnel_no
        {%- for column in by %}
        and present.{{ column }} = outcomes.{{ column }}
        {%- endfor %}
    group by all
),

times as (
    select
        journeys.funnel_no,
        {% for column in by %}groups.{{ column }}, {% endfor %}
        chain_rows.step,
        {{ quantile_us('chain_rows.us_from_previous', 0.25) }} as p25_us,
        {{ quantile_us('chain_rows.us_from_previous', 0.5) }} as median_us,
        {{ quantile_us('chain_rows.us_from_previous', 0.75) }} as p75_us,
        {{ quantile_us('chain_rows.us_from_previous', 0.9) }} as p90_us
    from {{ chain_rows }} as chain_rows
    inner join {{ journeys }} as journeys on chain_rows.p = journeys.p
    inner join {{ funnels }} as funnels on journeys.funnel_no = funnels.funnel_no
    inner join {{ groups }} as groups on journeys.p = groups.p
    where chain_rows.step > 1
        and coalesce(journeys.is_mature, true)
        and chain_rows.run = case
            when funnels.entry_rule = 'best' and funnels.window_us is not null then 'mature'
            else 'all'
        end
    group by all
)

select
    counts.funnel_no,
    {% for column in by %}counts.{{ column }}, {% endfor %}
    counts.step,
    counts.entered,
    counts.reached,
    case when funnels.window_us is not null then counts.open end as open,
    case when funnels.window_us is not null then counts.lost end as lost,
    case when funnels.window_us is not null then counts.matured end as matured,
    case when funnels.window_us is not null then counts.matured_reached end as matured_reached,
    times.p25_us,
    times.median_us,
    times.p75_us,
    times.p90_us
from counts
inner join {{ funnels }} as funnels on counts.funnel_no = funnels.funnel_no
left join times
    on counts.funnel_no = times.funnel_no
    and counts.step = times.step
    {%- for column in by %}
    and counts.{{ column }} = times.{{ column }}
    {%- endfor %}
{%- endmacro %}
