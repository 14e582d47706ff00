-- The rows of every reported chain, by run and step.
{{ funnelkit.funnel_chain_rows(ref('int_funnel_chains'), ref('int_funnel_rows'), funnelkit.project_funnels()) }}
