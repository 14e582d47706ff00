with

raw as (

    select
        *,
        {{ funnelkit.parse_time('submitted_at') }} as submitted_utc
    from (
        select
            {{ funnelkit.raw_columns('feedback') }}
        from {{ funnelkit.raw('feedback') }}
    ) as feedback

),

final as (

    select
        coalesce(
            nullif(response_id, ''),
            md5(concat_ws(chr(31), user_id, source, submitted_at, question, kind, feature, score, text, product))
        ) as response_id,
        nullif(user_id, '') as user_id,
        nullif(source, '') as source,
        nullif(question, '') as question,
        nullif(kind, '') as kind,
        nullif(feature, '') as feature,
        nullif(text, '') as text,
        nullif(language, '') as language,
        nullif(product, '') as product,
        {{ funnelkit.typed('score', 'double') }} as score,
        submitted_utc as submitted_at,
        source_file,
        source_line,
        case
            when nullif(submitted_at, '') is null then 'submitted_at is missing'
            when submitted_utc is null then 'submitted_at is not a time'
            {%- if funnelkit.settings().as_of %}
            when submitted_utc > {{ funnelkit.parse_time(funnelkit.sql_text(funnelkit.settings().as_of)) }} then 'received after as_of'
            {%- endif %}
            when nullif(score, '') is not null and {{ funnelkit.typed('score', 'double') }} is null then 'score is not a number'
        end as reject_reason,
        case
            when nullif(submitted_at, '') is not null and submitted_utc is not null then score
            else submitted_at
        end as reject_text
    from raw

)

select * from final
