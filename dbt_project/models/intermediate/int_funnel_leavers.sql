-- Entities that an exclusion of scope `entity` takes out of their funnel, by key.
select p, {{ funnelkit.funnel_of('p') }} as funnel_no
from (
{{ funnelkit.funnel_leavers(ref('int_funnel_chains')) }}
) as leavers
