-- What themes and polarity are told from. Grain: response with a text.
-- No parameters.
select response_id, text, language
from fct_feedback
where text is not null
order by response_id
