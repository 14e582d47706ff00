-- What became of every unit that entered, by key.
{{ funnelkit.funnel_journeys(
    ref('int_funnel_rows'), ref('int_funnel_chains'), ref('int_funnel_chain_rows'), ref('dim_funnels'),
    funnelkit.project_funnels(), funnelkit.observed_us()
) }}
