"""What the SQL of models must not say so that DuckDB and Spark give the same rows."""

import re
from collections.abc import Iterator
from typing import Any

import sqlglot
from sqlglot import exp
from sqlglot.dialects import Spark
from sqlglot.errors import SqlglotError


class _NullsAreSmall(Spark):  # type: ignore[misc]
    NULL_ORDERING = "nulls_are_small"


class _NullsAreLarge(Spark):  # type: ignore[misc]
    NULL_ORDERING = "nulls_are_large"


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# What sqlglot has no class of its own for and Spark has; the rest of these is DuckDB's.
_SPARKS = _words(
    """
    make_dt_interval monotonically_increasing_id pmod schema_of_variant timestamp_micros
    try_parse_json try_variant_get xxhash64
    """
)
# sqlglot reads these in any dialect; Spark does not have them, or has others by that name.
_OTHERS = {
    "datediff": "counts midnights on DuckDB and whole days on Spark",
    "date_diff": "counts midnights on DuckDB and whole days on Spark",
    "datesub": "is DuckDB's",
    "time_bucket": "begins elsewhere",
    "epoch": "keeps fractions on DuckDB alone",
    "unix_timestamp": "truncates",
    "to_unixtime": "truncates",
    "strftime": "is DuckDB's",
    "date_format": "has other letters",
    "hash": "differs",
    "list": "is DuckDB's",
    "array_agg": "has no order of its own",
    "collect_list": "has no order of its own",
    "string_agg": "has no order of its own",
    "listagg": "has no order of its own",
    "group_concat": "has no order of its own",
    "unnest": "is DuckDB's",
    "concat": "is null on Spark where a part is; and sqlglot's word for '' in a text",
    "starts_with": "is DuckDB's",
    "startswith": "is Spark's",
    "struct_pack": "is DuckDB's",
    "rand": "differs",
    "random": "differs",
    "current_timestamp": "reads the clock",
    "current_date": "reads the clock",
    "now": "reads the clock",
}
_NODES: dict[Any, str] = {
    exp.IntDiv: "// and div differ",
    exp.Div: "/ differs in type, and by zero",
    exp.Mod: "% differs in sign and by zero",
    exp.Pivot: "pivot differs",
    exp.Lambda: "lambdas differ",
    exp.Unnest: "unnest is DuckDB's",
}
# Names of columns that are never null, wherever a model orders by them.
NEVER_NULL = _words(
    """
    account_id aims attempt depth entity_id entry_pos event_id event_name event_no feature_no
    last_pos logged_id mask node occurred_at place pos response_id row_no step submitted_at
    told_by untyped_values us user_id valid_from value week
    """
)
_QUOTED = re.compile(r"'(?:[^']|'')*'|--[^\n]*|/\*.*?\*/", re.DOTALL)
_WHOLE = {exp.DType.INT, exp.DType.BIGINT, exp.DType.SMALLINT, exp.DType.TINYINT}
_BROKEN = {exp.DType.DOUBLE, exp.DType.FLOAT, exp.DType.DECIMAL}
# By a number that is written there, of what is not negative.
_HARMLESS = (exp.IntDiv, exp.Mod)


def faults(sql: str) -> Iterator[str]:
    """What is wrong with a compiled query, a sentence each."""
    if '"' in _QUOTED.sub("", sql):
        yield "a double quote: an identifier on DuckDB, a text on Spark"
    try:
        small = sqlglot.parse_one(sql, read=_NullsAreSmall)
        large = sqlglot.parse_one(sql, read=_NullsAreLarge)
    except SqlglotError as error:
        yield f"is no Spark: {str(error).splitlines()[0]}"
        return
    for node in small.walk():
        yield from _of_node(node)
    for one, other in zip(_ordered(small), _ordered(large), strict=True):
        told = one.args.get("nulls_first") == other.args.get("nulls_first")
        if not (told or _never_null(one.this)):
            yield f"order by {one.this.sql('spark')} does not say where nulls go"


def _of_node(node: Any) -> Iterator[str]:
    for kind, why in _NODES.items():
        if isinstance(node, kind) and not (isinstance(node, _HARMLESS) and _is_constant(node)):
            yield f"{node.sql('spark')[:60]}: {why}"
    if isinstance(node, exp.Not) and isinstance(node.this, exp.In) and node.this.args.get("query"):
        yield f"{node.sql('spark')[:60]}: not in sends all of it to every task; not exists does not"
    if isinstance(node, exp.Join) and node.args.get("method"):
        yield f"{node.args['method']} join is DuckDB's"
    if isinstance(node, exp.Func):
        name = (node.name if isinstance(node, exp.Anonymous) else node.sql_name()).casefold()
        if name in _OTHERS:
            yield f"{name}: {_OTHERS[name]}"
        elif isinstance(node, exp.Anonymous) and name not in _SPARKS:
            yield f"{name}: nothing that both engines have"
    if isinstance(node, exp.Cast) and node.to.this in _WHOLE and _may_be_broken(node.this):
        yield f"{node.sql('spark')[:60]}: rounds on DuckDB, truncates on Spark"
    if isinstance(node, exp.Window) and _is_numbering(node) and not node.args.get("order"):
        yield f"{node.sql('spark')[:60]}: has no order"
    if isinstance(node, exp.Window) and _is_over_all(node):
        yield f"{node.sql('spark')[:60]}: one task has all rows"


def _ordered(tree: Any) -> list[Any]:
    # A percentile passes over nulls.
    return [each for each in tree.find_all(exp.Ordered) if not each.find_ancestor(exp.WithinGroup)]


def _never_null(value: Any) -> bool:
    """Whether all that a value is made of is never null; conditions and counts never are."""
    if isinstance(value, exp.Count | exp.CountIf | exp.Literal):
        return True
    columns = list(value.find_all(exp.Column))
    return bool(columns) and all(column.name in NEVER_NULL for column in columns)


def _is_numbering(window: Any) -> bool:
    return isinstance(window.this, exp.RowNumber | exp.Rank | exp.DenseRank | exp.Lag | exp.Lead)


def _is_over_all(window: Any) -> bool:
    """Whether a window has no parts, unless it is over what a query says once each."""
    if window.args.get("partition_by") or window.args.get("alias"):
        return False
    select = window.find_ancestor(exp.Select)
    source = select and (select.args.get("from_") or select.args.get("from"))
    inner = source and source.this.unnest()
    return not (
        isinstance(inner, exp.Select) and (inner.args.get("distinct") or inner.args.get("group"))
    )


def _is_constant(node: Any) -> bool:
    return isinstance(node.expression, exp.Literal)


def _may_be_broken(value: Any) -> bool:
    if isinstance(value, exp.Case | exp.Coalesce):
        return any(_may_be_broken(each) for each in value.find_all(exp.Cast))
    if isinstance(value, exp.Cast):
        return value.to.this in _BROKEN
    if isinstance(value, exp.Literal):
        return not value.is_string and not value.is_int
    return isinstance(value, exp.Div | exp.Avg | exp.Sqrt | exp.Ln)
