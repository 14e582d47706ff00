{%- set properties = funnelkit.settings().user_properties -%}

-- What was told about a user, and from when it held: breakdowns read it as of the first entry.
with

told as (

    select * from {{ ref('int_user_rows') }}

),

final as (
    {% for name in properties %}
    {{ 'union all' if not loop.first }}
    select
        user_id,
        account_id,
        '{{ name }}' as property,
        cast({{ name }} as string) as value,
        valid_from
    from told
    {%- else %}
    select
        cast(null as string) as user_id,
        cast(null as string) as account_id,
        cast(null as string) as property,
        cast(null as string) as value,
        cast(null as timestamp) as valid_from
    where false
    {%- endfor %}

)

select * from final
