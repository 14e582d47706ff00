{{ config(enabled=funnelkit.declares('aha')) }}
-- The outcomes as they were defined when this was built.
select * from (
    {{ funnelkit.outcome_values(funnelkit.project_aha_plan()) }}
) as outcomes
