-- What customers pay, of everybody who could have answered in a wave or who did. Grain: customer.
-- Parameter: wave_no.
select customer_id, revenue_cents
from dim_customers_at
where wave_no = $wave_no
order by customer_id
