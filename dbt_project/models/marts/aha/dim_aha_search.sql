{{ config(enabled=funnelkit.declares('aha')) }}
-- The search as it was defined when this was built: one row, or none.
select * from (
    {{ funnelkit.search_values(funnelkit.project_aha_plan()) }}
) as searches
