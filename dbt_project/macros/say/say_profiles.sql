{#- What was known of users at some times, a row each time, breakdown: `keys`, breakdown, value (text).
    Breakdowns are the declared user properties, '(none)' where nothing was told by then, and the
    segments, true or false. `asked` has `keys`, user_key and the column `at`; `user_rows` what was
    told and from when; `users` user_id and account_id by user_key. A segment that speaks of an event
    is true of nobody: here is none. -#}
{% macro said_values(asked, keys, at, user_rows, users, properties, segments, event_columns) -%}
with

known as (

    select
        asked.{{ keys | join(', asked.') }},
        users.user_id,
        users.account_id
        {%- for name in properties %},
        told.{{ name }}
        {%- endfor %}
        {%- for column in event_columns %},
        cast(null as {{ column.split(' ', 1)[1] }}) as {{ column.split(' ', 1)[0] }}
        {%- endfor %}
    from {{ asked }} as asked
    inner join {{ users }} as users on asked.user_key = users.user_key
    left join {{ user_rows }} as told on asked.user_key = told.user_key and told.valid_from <= asked.{{ at }}
    qualify row_number() over (partition by asked.{{ keys | join(', asked.') }} order by told.valid_from desc nulls last) = 1

)

    {%- set ns = namespace(parts=0) %}
    {%- for name in properties %}
{{ 'union all' if ns.parts }}
    {%- set ns.parts = ns.parts + 1 %}
select {{ keys | join(', ') }}, {{ sql_text(name) }} as breakdown, coalesce(cast({{ name }} as string), '(none)') as value
from known
    {%- endfor %}
    {%- for name, condition in segments.items() %}
{{ 'union all' if ns.parts }}
    {%- set ns.parts = ns.parts + 1 %}
select {{ keys | join(', ') }}, {{ sql_text(name) }} as breakdown, case when ({{ condition }}
    ) then 'true' else 'false' end as value
from known
    {%- endfor %}
    {%- if not ns.parts %}
select {{ keys | join(', ') }}, '' as breakdown, '' as value from known where false
    {%- endif %}
{%- endmacro %}
