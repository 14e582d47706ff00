-- What customers pay at some times: the latest that was told of any of a customer's users by then, as
-- in dim_customers_at. Grain: time x customer of whom anything was told. Parameter: ends, the times in
-- microseconds; number: their place in it, from 0.
with

ends as (

    select unnest($ends) as end_us, unnest(range(len($ends))) as number

),

-- Of what is told at one time by several users the first one's counts.
told as (

    select customer_id, epoch_us(valid_from) as told_us, revenue_cents
    from int_customer_revenue
    qualify row_number() over (partition by customer_id, valid_from order by user_id) = 1

),

spans as (

    select *, lead(told_us) over (partition by customer_id order by told_us) as next_us
    from told

)

select
    ends.number,
    spans.customer_id,
    spans.revenue_cents
from ends
inner join spans
    on spans.told_us <= ends.end_us and (spans.next_us is null or spans.next_us > ends.end_us)
order by ends.number, spans.customer_id
