-- Texts that figures of themes rest on. Grain: response with a text.
-- No parameters. A wave's null: asked in none; `product`: what a review is of, if the file says so.
select
    response_id,
    wave,
    source,
    customer_id
from fct_feedback
where text is not null and product is null
order by response_id
