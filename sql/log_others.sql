-- What else the numbers rest on. One row: digests of rows of users and of answers that count, null
-- without any; neither depends on the order of the rows.
with

users as (

    select
        sum(cast('0x' || substring(
            md5(logged_id || chr(31) || coalesce(account_id, '') || chr(31) || cast(epoch_us(valid_from) as varchar) || chr(31) || coalesce(properties, '')),
            1, 12
        ) as bigint)) % 281474976710656 as digest
    from stg_raw__users
    where reject_reason is null

),

answers as (

    select
        sum(cast('0x' || substring(
            md5(concat_ws(chr(31), response_id, coalesce(user_id, ''), coalesce(question, ''), coalesce(feature, ''), coalesce(cast(score as varchar), ''), coalesce(text, ''), epoch_us(submitted_at))),
            1, 12
        ) as bigint)) % 281474976710656 as digest
    from stg_raw__feedback
    where reject_reason is null

)

select
    lpad(lower(to_hex(users.digest)), 12, '0') as users_digest,
    lpad(lower(to_hex(answers.digest)), 12, '0') as answers_digest
from users
cross join answers
