-- Entities that an exclusion of scope entity took out of a funnel. One row. Parameter: funnel.
select count(*) as entities
from int_funnel_leavers as leavers
inner join dim_funnels as funnels on leavers.funnel_no = funnels.funnel_no
where funnels.funnel = $funnel
