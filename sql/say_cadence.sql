-- How often customers were heard. Grain: week (project's zone, from Monday), from the first answer to
-- the last one or the end of the data; a week without any is a row of zeros.
-- Who is asked: a user, else what is told as one, else all that one unsigned answer sheet says.
-- `surveys_answered`: respondents of the week. `interviews`: people a day, each day they were met.
-- `customers`: those that interviews and surveys reached, of known users.
-- Parameters: timezone.
with

heard as (

    select
        cast(timezone($timezone, timezone('UTC', submitted_at)) as date) as on_day,
        source,
        coalesce(cast(user_key as varchar), 'as told ' || user_id, 'unsigned ' || cast(submitted_at as varchar)) as person,
        customer_id,
        source in ('survey', 'nps', 'exit') as is_survey,
        source = 'interview' as is_interview
    from fct_feedback

),

counted as (

    select
        cast(date_trunc('week', on_day) as date) as week,
        count(distinct case when is_interview then {person: person, on_day: on_day} end) as interviews,
        count(distinct case when is_survey then person end) as surveys_answered,
        count(*) filter (source = 'ticket') as tickets,
        count(*) filter (source = 'review') as reviews,
        count(distinct case when is_survey or is_interview then customer_id end) as customers
    from heard
    group by all

),

spanned as (

    select
        min(week) as first_week,
        greatest(
            max(week),
            (
                select cast(date_trunc('week', cast(timezone($timezone, timezone('UTC', observed_until)) as date)) as date)
                from int_observed_until
            )
        ) as last_week
    from counted

),

weeks as (

    select cast(unnest(generate_series(first_week, last_week, interval 7 day)) as date) as week
    from spanned

)

select
    cast(weeks.week as varchar) as week,
    coalesce(counted.interviews, 0) as interviews,
    coalesce(counted.surveys_answered, 0) as surveys_answered,
    coalesce(counted.tickets, 0) as tickets,
    coalesce(counted.reviews, 0) as reviews,
    coalesce(counted.customers, 0) as customers
from weeks
left join counted on weeks.week = counted.week
order by weeks.week
