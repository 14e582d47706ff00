-- Reviews that name a product. Grain: response. `person`: whoever wrote it, else the response.
-- No parameters.
select
    response_id,
    product,
    coalesce(cast(user_key as varchar), 'as told ' || user_id, response_id) as person,
    case when problem is null then score end as score,
    text is not null as has_text
from fct_feedback
where product is not null
order by response_id
