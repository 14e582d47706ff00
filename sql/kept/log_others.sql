-- As sql/log_others.sql, of marts without the log. One row.
select users_digest, answers_digest
from log_others
