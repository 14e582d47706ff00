-- The funnels as they were defined when this was built.
select * from (
    {{ funnelkit.funnel_values(funnelkit.project_funnels()) }}
) as funnels
