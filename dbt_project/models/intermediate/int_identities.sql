-- Whose every id of the log is, as it is known now.
with

latest as (

    select
        logged_id,
        max_by(user_id, load_no) as user_id,
        max_by(how, load_no) as how,
        -- The aggregate passes over nulls, so that a null would be an earlier build's value.
        nullif(max_by(coalesce(valid_from, cast('0001-01-01' as timestamp)), load_no), cast('0001-01-01' as timestamp)) as valid_from
    from {{ ref('int_identity_changes') }}
    group by logged_id

)

select
    latest.logged_id,
    latest.user_id,
    keys.user_key,
    latest.how,
    latest.valid_from
from latest
inner join {{ ref('int_user_keys') }} as keys on latest.user_id = keys.user_id
