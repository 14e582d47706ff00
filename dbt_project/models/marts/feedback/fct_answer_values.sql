-- What was known of everybody who answered, as of the answer.
with

asked as (

    select response_id, user_key, submitted_at
    from {{ ref('fct_feedback') }}
    where user_key is not null

)

select * from (
    {{ funnelkit.values_at('asked', ['response_id'], 'submitted_at') }}
) as known
