{#- Columns that together name a row: no value is missing but in `may_be_null`, none repeats. Repeats
    are looked for by a short hash first, since most keys occur once and text is dear to group by. -#}
{% test unique_key(model, columns, may_be_null=[]) %}
    with

    hashed as (

        select {{ funnelkit.short_hash(columns) }} as key_hash
        from {{ model }}
        group by 1
        having count(*) > 1

    )

    select {{ columns | join(', ') }}, count(*) as entries
    from {{ model }}
    where {{ funnelkit.short_hash(columns) }} in (select key_hash from hashed)
    group by {{ columns | join(', ') }}
    having count(*) > 1
    union all
    select {{ columns | join(', ') }}, 1 as entries
    from {{ model }}
    where {{ columns | reject('in', may_be_null) | join(' is null or ') }} is null
{% endtest %}
