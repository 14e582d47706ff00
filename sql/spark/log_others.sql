-- What else the numbers rest on, as sql/log_others.sql has it. One row.
with

users as (

    select
        sum(cast(conv(substring(
            md5(logged_id || chr(31) || coalesce(account_id, '') || chr(31) || cast(unix_micros(valid_from) as string) || chr(31) || coalesce(properties, '')),
            1, 12
        ), 16, 10) as decimal(28, 0))) % 281474976710656 as digest
    from stg_raw__users
    where reject_reason is null

),

answers as (

    select
        sum(cast(conv(substring(
            md5(concat_ws(
                chr(31), response_id, coalesce(user_id, ''), coalesce(question, ''), coalesce(feature, ''),
                coalesce(cast(score as string), ''), coalesce(text, ''), cast(unix_micros(submitted_at) as string)
            )),
            1, 12
        ), 16, 10) as decimal(28, 0))) % 281474976710656 as digest
    from stg_raw__feedback
    where reject_reason is null

)

select
    lpad(lower(hex(cast(users.digest as bigint))), 12, '0') as users_digest,
    lpad(lower(hex(cast(answers.digest as bigint))), 12, '0') as answers_digest
from users
cross join answers
