-- What became of every entity that entered, by key.
{{ funnelkit.funnel_journeys(
    ref('int_funnel_rows'), ref('int_funnel_chain_rows'), ref('dim_funnels'), funnelkit.observed_us()
) }}
