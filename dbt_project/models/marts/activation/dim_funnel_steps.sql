select
    funnels.funnel_no,
    funnels.funnel,
    steps.step,
    steps.step_name,
    steps.previous_step,
    steps.is_optional
from (
    {{ funnelkit.funnel_step_values(funnelkit.project_funnels()) }}
) as steps
inner join {{ ref('dim_funnels') }} as funnels on steps.funnel_no = funnels.funnel_no
