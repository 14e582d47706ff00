{{ config(enabled=funnelkit.declares('say')) }}
-- Each rating of a feature is there once, each text once for every feature that has topics.
with

features as (

    {{ funnelkit.feature_values(funnelkit.project_say_plan()) }}

),

asked as (

    select
        (
            select count(*)
            from {{ ref('fct_feedback') }}
            where user_key is not null and product is null
                and kind in ('nps', 'csat', 'ces', 'rating5', 'satisfaction', 'intent')
                and feature in (select feature from features)
        ) as ratings,
        (
            select count(*)
            from {{ ref('fct_feedback') }}
            where user_key is not null and product is null and text is not null and kind is distinct from 'choice'
        ) * (select count(*) from features where has_topics) as texts

),

found as (

    select
        count(case when aims <> 'text' then 1 end) as ratings,
        count(case when aims = 'text' then 1 end) as texts
    from {{ ref('fct_say_do') }}

)

select asked.ratings, asked.texts, found.ratings as found_ratings, found.texts as found_texts
from asked
cross join found
where asked.ratings <> found.ratings or asked.texts <> found.texts
