-- Which user an anonymous id turned out to be: the user of the earliest event that carries both.
with

pairs as (

    select
        anonymous_id,
        user_id,
        min(occurred_at) as valid_from
    from {{ ref('stg_raw__events') }}
    where reject_reason is null and anonymous_id is not null and user_id is not null
    group by anonymous_id, user_id

),

final as (

    select anonymous_id, user_id, valid_from
    from pairs
    qualify row_number() over (partition by anonymous_id order by valid_from, user_id) = 1

)

select * from final
