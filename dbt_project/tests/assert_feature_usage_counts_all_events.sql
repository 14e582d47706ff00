{{ config(enabled=funnelkit.declares('say')) }}
-- Days of use hold every event of every feature.
{%- set plan = fromjson(funnelkit.project_say_plan()) -%}
{%- for feature in plan.features %}
{{ 'union all' if not loop.first }}
select {{ feature.no }} as feature_no, counted.events, kept.events as kept
from (select count(*) as events from {{ ref('fct_events') }} where {{ funnelkit.step_predicate(feature) }}) as counted
cross join (
    select coalesce(sum(events), 0) as events from {{ ref('fct_feature_usage') }} where feature_no = {{ feature.no }}
) as kept
where counted.events <> kept.events
{%- else %}
select feature_no from {{ ref('fct_feature_usage') }}
{%- endfor %}
-- depends_on: {{ ref('fct_events') }}
