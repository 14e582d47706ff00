{%- set limits = funnelkit.settings().quality.fail_over -%}

-- Outcomes of which more event rows came than `quality: fail_over:` allows. A line that load could
-- not parse is a row, too.
with
counted as (
    select outcome, sum(entries) as entries
    from {{ ref('rpt_event_quality') }}
    where kind = 'events' and outcome <> 'kept'
    group by outcome
),
limits as (
    {%- for outcome, share in limits.items() %}
    {{ 'union all' if not loop.first }}
    {# As decimals: a share of exactly the limit is within it. #}
    select '{{ outcome }}' as outcome, {{ '%.9f' | format(share) }} as allowed
    {%- else %}
    select outcome, 1 as allowed from counted
    {%- endfor %}
)
select limits.outcome, counted.entries, limits.allowed
from limits
inner join counted on limits.outcome = counted.outcome
where counted.entries > limits.allowed * (select sum(entries) from counted)
