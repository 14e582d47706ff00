{{ config(enabled=funnelkit.declares('aha')) }}
{%- set plan = fromjson(funnelkit.project_aha_plan()) -%}
{%- set specs = fromjson(funnelkit.project_funnels()) -%}
{%- set columns = 'funnel_rows.' ~ ['p', 'pos', 'tie', 'us', 'mask', 'xmask', 'event_no'] | join(', funnel_rows.') -%}

-- The rows of every aha moment's funnel while its window was open. A table: the kernel joins by time,
-- and an engine that takes them for a few rows joins every one with every other.
{% for moment in plan.moments if moment.funnel is not none -%}
{%- set spec = specs[plan.clocks[moment.clock_no].funnel_no] -%}
{{ 'union all' if not loop.first }}
select cast({{ moment.no }} as bigint) as aha_no, {{ columns }}
from {{ ref('int_funnel_rows') }} as funnel_rows
inner join {{ ref('int_entrants') }} as entrants
    on {{ funnelkit.entity_of(tojson([spec]), 'funnel_rows.p') }} = {{ spec.no * 72057594037927936 }} + entrants.entity_key
    and entrants.clock_no = {{ moment.clock_no }}
where {{ funnelkit.funnel_of('funnel_rows.p') }} = {{ spec.no }}
    and funnel_rows.us < entrants.entry_us + {{ moment.within_us }}
    and funnel_rows.us <= {{ funnelkit.observed_us() }}
{% else -%}
select cast(null as bigint) as aha_no, {{ columns }}
from {{ ref('int_funnel_rows') }} as funnel_rows
where false
-- depends_on: {{ ref('int_entrants') }}
{% endfor %}
