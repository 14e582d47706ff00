{%- set plan = fromjson(funnelkit.project_say_plan()) -%}
{%- set declared = plan.waves.kind == 'declared' -%}
{%- set start = funnelkit.calendar_wave_start(plan.waves.kind, 'answered.wave') -%}

-- Rounds of asking. What everybody did is looked at as of reference_at: the first instant of a declared
-- wave, else the (lower) median time of its answers.
with

answered as (

    select
        wave_no,
        wave,
        count(*) as answers,
        count(distinct user_key) as respondents,
        {{ funnelkit.quantile_us('case when user_key is not null then ' ~ funnelkit.epoch_us('submitted_at') ~ ' end', 0.5) }} as identified_us,
        {{ funnelkit.quantile_us(funnelkit.epoch_us('submitted_at'), 0.5) }} as anybody_us
    from {{ ref('fct_feedback') }}
    where wave_no is not null
    group by wave_no, wave

)
{% if declared %}
select
    waves.wave_no,
    waves.wave,
    waves.from_at,
    waves.until_at,
    waves.from_at as reference_at,
    coalesce(answered.answers, 0) as answers,
    coalesce(answered.respondents, 0) as respondents
from (
    {{ funnelkit.wave_values(funnelkit.project_say_plan()) }}
) as waves
left join answered on waves.wave_no = answered.wave_no
{%- else %}
select
    answered.wave_no,
    answered.wave,
    cast({{ funnelkit.from_local(start, plan.timezone) }} as timestamp) as from_at,
    cast({{ funnelkit.from_local(start ~ " + interval '" ~ (3 if plan.waves.kind == 'quarter' else 1) ~ "' month", plan.timezone) }} as timestamp) as until_at,
    {{ funnelkit.from_us('coalesce(answered.identified_us, answered.anybody_us)') }} as reference_at,
    answered.answers,
    answered.respondents
from answered
{%- endif %}
