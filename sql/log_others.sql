-- What else the numbers rest on. One row: digests of the rows of users and of the answers that count,
-- null without any. Neither depends on the order of the rows, nor on how often one was loaded; each
-- is hashed once more, so that the difference of two is not the hash of the row that came.
with

users as (

    select distinct
        md5(logged_id || chr(31) || coalesce(account_id, '') || chr(31) || cast(epoch_us(valid_from) as varchar) || chr(31) || coalesce(properties, '')) as digest
    from stg_raw__users
    where reject_reason is null

),

answers as (

    select distinct
        md5(concat_ws(
            chr(31), response_id, coalesce(user_id, ''), coalesce(source, ''), coalesce(question, ''), coalesce(kind, ''), coalesce(feature, ''),
            coalesce(cast(score as varchar), ''), coalesce(text, ''), coalesce(language, ''), coalesce(product, ''), cast(epoch_us(submitted_at) as varchar)
        )) as digest
    from stg_raw__feedback
    where reject_reason is null

),

digests as (

    select 'users' as name, bit_xor(cast('0x' || substring(digest, 1, 12) as bigint)) as digest
    from users
    union all
    select 'answers' as name, bit_xor(cast('0x' || substring(digest, 1, 12) as bigint)) as digest
    from answers

),

hashed as (

    select name, substring(md5(name || cast(digest as varchar)), 1, 12) as digest
    from digests

)

select
    max(digest) filter (where name = 'users') as users_digest,
    max(digest) filter (where name = 'answers') as answers_digest
from hashed
