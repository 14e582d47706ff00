"""Names that a declared property cannot have: it becomes a column that `where` writes unquoted."""

PREFIX = "fk_"  # of columns that a declared property gets beside its own

# Columns that staging and the marts give every event, user or account.
COLUMNS = frozenset(
    (
        *("event_id", "event_no", "event_name", "user_id", "user_key", "users"),
        *("account_id", "account_key", "resolved_account_id", "anonymous_id", "properties"),
        *("occurred_at", "occurred_utc", "received_at", "received_utc", "updated_at"),
        *("updated_utc", "valid_from", "first_seen_at", "last_seen_at", "json_properties"),
        *("untyped_properties", "has_bad_properties", "reject_reason", "reject_text"),
        *("source_file", "source_line", "load_no", "row_no", "logged_id", "previous_id"),
        *("is_skewed", "excluded_by", "is_start", "untyped_values"),
    )
)

# Words that DuckDB does not read as a column's name (a test asks it).
WORDS = frozenset(
    (
        *("all", "analyse", "analyze", "and", "anti", "any", "array", "as", "asc", "asof"),
        *("asymmetric", "at", "authorization", "binary", "both", "by", "case", "cast", "check"),
        *("collate", "collation", "column", "concurrently", "constraint", "create", "cross"),
        *("default", "deferrable", "desc", "describe", "distinct", "do", "else", "end", "except"),
        *("false", "fetch", "for", "foreign", "freeze", "from", "full", "glob", "group", "having"),
        *("ilike", "in", "initially", "inner", "intersect", "into", "is", "isnull", "join"),
        *("lambda", "lateral", "leading", "left", "like", "limit", "natural", "not", "notnull"),
        *("null", "offset", "on", "only", "or", "order", "outer", "overlaps", "pivot"),
        *("pivot_longer", "pivot_wider", "placing", "positional", "primary", "qualify"),
        *("references", "returning", "right", "select", "semi", "show", "similar", "some"),
        *("summarize", "symmetric", "table", "tablesample", "then", "to", "trailing", "true"),
        *("union", "unique", "unpack", "unpivot", "using", "variadic", "verbose", "when"),
        *("where", "window", "with"),
    )
)
