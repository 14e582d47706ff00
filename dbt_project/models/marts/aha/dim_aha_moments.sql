{{ config(enabled=funnelkit.declares('aha')) }}
-- The aha moments as they were defined when this was built.
select * from (
    {{ funnelkit.aha_moment_values(funnelkit.project_aha_plan()) }}
) as moments
