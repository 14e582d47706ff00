{#- Counts and time quantiles: funnel_no, the columns of `groups` but p and attempt, step, entered,
    reached, open, lost, matured, matured_reached (the last four null without a window), p25_us,
    median_us, p75_us, p90_us from the required step before, over converters from mature entries
    (discrete quantiles: a value that occurred), and, where attempts are counted, sums over entities
    from which the intervals get their design effect (see stats.proportions).
    `groups`: relation with p, attempt and the columns named in `by`; a unit may stand in several;
    none for the total alone, which stands under (all).
    An optional step has no open and lost. `total`: whether (all) stands for everybody. -#}
{% macro funnel_step_counts(journeys, chain_rows, funnels, steps, groups, by, total=false) -%}
{%- set whose = "'(all)' as " if groups is none else 'groups.' -%}
{%- set in_groups = '' if groups is none else 'inner join ' ~ groups ~ ' as groups on journeys.p = groups.p and journeys.attempt = groups.attempt' -%}
with

outcomes as (
    select
        journeys.funnel_no,
        {% for column in by %}{{ whose }}{{ column }}, {% endfor %}
        journeys.level,
        journeys.is_mature,
        journeys.matured_level,
        journeys.is_open,
        count(*) as units
    from {{ journeys }} as journeys
    {{ in_groups }}
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
        steps.is_optional,
        cast(coalesce(sum(units), 0) as bigint) as entered,
        cast(coalesce(sum(units) filter (where level >= step), 0) as bigint) as reached,
        cast(coalesce(sum(units) filter (where level = previous_step and is_open), 0) as bigint) as open,
        cast(coalesce(sum(units) filter (where level = previous_step and not is_open), 0) as bigint) as lost,
        cast(coalesce(sum(units) filter (where is_mature), 0) as bigint) as matured,
        cast(coalesce(sum(units) filter (where is_mature and matured_level >= step), 0) as bigint) as matured_reached
    from present
    inner join {{ steps }} as steps on present.funnel_no = steps.funnel_no
    left join outcomes
        on present.funnel_no = outcomes.funnel_no
        {%- for column in by %}
        and present.{{ column }} = outcomes.{{ column }}
        {%- endfor %}
    group by all
),

-- Proof rows of everybody, and of the run that the mature figures come from.
proof as (
    select
        journeys.funnel_no,
        {% for column in by %}{{ whose }}{{ column }}, {% endfor %}
        chain_rows.step,
        chain_rows.is_optional,
        chain_rows.us_from_previous,
        chain_rows.run = 'all' as is_reported,
        coalesce(journeys.is_mature, true)
        and chain_rows.run = case when funnels.has_runs and funnels.window_us is not null then 'mature' else 'all' end as is_matured
    from {{ chain_rows }} as chain_rows
    inner join {{ journeys }} as journeys
        on chain_rows.p = journeys.p and chain_rows.attempt = journeys.attempt
    inner join {{ funnels }} as funnels on journeys.funnel_no = funnels.funnel_no
    {{ in_groups }}
    where chain_rows.step > 1
),

times as (
    select
        funnel_no,
        {% for column in by %}{{ column }}, {% endfor %}
        step,
        {{ quantile_us('us_from_previous', 0.25) }} as p25_us,
        {{ quantile_us('us_from_previous', 0.5) }} as median_us,
        {{ quantile_us('us_from_previous', 0.75) }} as p75_us,
        {{ quantile_us('us_from_previous', 0.9) }} as p90_us
    from proof
    where is_matured
    group by all
),

done as (
    select
        funnel_no,
        {% for column in by %}{{ column }}, {% endfor %}
        step,
        cast(count_if(is_reported) as bigint) as reached,
        cast(count_if(is_matured) as bigint) as matured_reached
    from proof
    where is_optional
    group by all
),

-- Attempts of one entity are alike: what an interval needs to know of them.
entities as (
    select
        journeys.funnel_no,
        {% for column in by %}{{ whose }}{{ column }}, {% endfor %}
        steps.step,
        journeys.p,
        count(*) as m,
        count_if(coalesce(journeys.matured_level, journeys.level) >= steps.step) as x,
        count_if(coalesce(journeys.matured_level, journeys.level) >= steps.previous_step) as before
    from {{ journeys }} as journeys
    inner join {{ funnels }} as funnels on journeys.funnel_no = funnels.funnel_no and funnels.counts_entries
    {{ in_groups }}
    inner join {{ steps }} as steps on journeys.funnel_no = steps.funnel_no
    where coalesce(journeys.is_mature, true) and not steps.is_optional
    group by all
),

clusters as (
    select
        funnel_no,
        {% for column in by %}{{ column }}, {% endfor %}
        step,
        count(*) as clusters,
        cast(sum(x * x) as bigint) as sum_x2,
        cast(sum(x * m) as bigint) as sum_xm,
        cast(sum(m * m) as bigint) as sum_m2,
        cast(sum(x * before) as bigint) as sum_xprev,
        cast(sum(before * before) as bigint) as sum_prev2
    from entities
    group by all
)

select
    counts.funnel_no,
    {% for column in by %}counts.{{ column }}, {% endfor %}
    counts.step,
    counts.entered,
    case when counts.is_optional then coalesce(done.reached, 0) else counts.reached end as reached,
    case when funnels.window_us is not null and not counts.is_optional then counts.open end as open,
    case when funnels.window_us is not null and not counts.is_optional then counts.lost end as lost,
    case when funnels.window_us is not null then counts.matured end as matured,
    case
        when funnels.window_us is null then cast(null as bigint)
        when counts.is_optional then coalesce(done.matured_reached, 0)
        else counts.matured_reached
    end as matured_reached,
    times.p25_us,
    times.median_us,
    times.p75_us,
    times.p90_us,
    clusters.clusters,
    clusters.sum_x2,
    clusters.sum_xm,
    clusters.sum_m2,
    clusters.sum_xprev,
    clusters.sum_prev2
from counts
inner join {{ funnels }} as funnels on counts.funnel_no = funnels.funnel_no
{%- for relation in ['times', 'done', 'clusters'] %}
left join {{ relation }}
    on counts.funnel_no = {{ relation }}.funnel_no
    and counts.step = {{ relation }}.step
    {%- for column in by %}
    and counts.{{ column }} = {{ relation }}.{{ column }}
    {%- endfor %}
{%- endfor %}
{%- endmacro %}
