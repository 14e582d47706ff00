select
    funnels.funnel_no,
    funnels.funnel,
    steps.step,
    steps.step_name
from (
    {{ funnelkit.funnel_step_values(funnelkit.project_funnels()) }}
) as steps
inner join {{ ref('dim_funnels') }} as funnels on steps.funnel_no = funnels.funnel_no
