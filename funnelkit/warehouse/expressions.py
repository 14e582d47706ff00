"""SQL that the project's author or the caller writes: `where` of steps, segments, `--where`."""

import re
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from funnelkit.errors import FunnelkitError, did_you_mean

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from funnelkit.project.definitions import Definitions
    from funnelkit.project.read import Source


def check_expression(con: "DuckDBPyConnection", text: str, what: str) -> None:
    """Raises FunnelkitError unless `text` parses as one SQL expression, alone and in brackets.

    `what` names the place in the message: `--where`, `funnels.activation.steps.shared.where`.
    """
    import duckdb

    for statement in (f"select {text}", f"select (\n{text}\n)"):
        try:
            found = con.extract_statements(statement)
        except duckdb.Error as error:
            reason = str(error).splitlines()[0].removeprefix("Parser Error: ")
            raise _wrong(text, what, reason) from None
        if len(found) != 1:
            raise _wrong(text, what, f"{len(found)} statements")


def check_steps(source: "Source") -> None:
    """Raises FunnelkitError, one line a mistake, unless all SQL in the definitions can be true.

    That is the `where` of steps and exclusions, and the segments: each one expression, of columns
    that are declared or that every event has, and a condition.
    """
    conditions = list(_conditions(source))
    if not conditions:
        return
    from funnelkit.warehouse.connect import memory

    mistakes: list[FunnelkitError] = []
    with memory() as con:
        columns = _create_columns(con, source.definitions)
        for relation, place, text in conditions:
            try:
                check_expression(con, text, place)
                _check_columns(con, relation, text, place, columns[relation])
            except FunnelkitError as error:
                mistakes.append(error)
    if mistakes:
        raise FunnelkitError("\n".join(each.message for each in mistakes), mistakes[0].hint)


# What every row of fct_events has, beside the declared event properties.
_EVENT_COLUMNS = {
    **dict.fromkeys(("event_no", "user_key", "account_key"), "bigint"),
    **dict.fromkeys(("event_id", "user_id", "account_id", "anonymous_id"), "varchar"),
    **dict.fromkeys(("session_id", "event_name", "properties", "untyped_values"), "varchar"),
    **dict.fromkeys(("occurred_at", "received_at"), "timestamp"),
}


def _create_columns(
    con: "DuckDBPyConnection", definitions: "Definitions"
) -> dict[str, dict[str, str]]:
    """Empty tables with the columns that conditions may name: of events, and at an entry."""
    events = {**_EVENT_COLUMNS, **definitions.event_properties}
    columns = {"fk_events": events, "fk_entries": {**events, **definitions.user_properties}}
    for name, types in columns.items():
        listed = ", ".join(f"{column} {kind}" for column, kind in types.items())
        con.execute(f"create temp table {name} ({listed})")
    return columns


def _check_columns(
    con: "DuckDBPyConnection", relation: str, text: str, what: str, columns: Mapping[str, str]
) -> None:
    import duckdb

    try:
        found = con.execute(f"describe select (\n{text}\n) as told from {relation}").fetchall()
    except duckdb.BinderException as error:
        missing = re.search(r'Referenced column "(.+?)" not found', str(error))
        if missing is None:
            return  # a function or a type that only the build knows may be right
        near = did_you_mean(missing[1], list(columns))
        raise FunnelkitError(
            f"{what}: {text!r}: no column {missing[1]!r}; {near}",
            "declare it in event_properties; text goes in single quotes: \"plan = 'free'\"",
        ) from None
    except duckdb.Error:
        return
    if found[0][1] not in ("BOOLEAN", '"NULL"'):
        raise FunnelkitError(
            f"{what}: {text!r} is {found[0][1].lower()}, not a condition", 'like "recipients > 0"'
        )


def _conditions(source: "Source") -> Iterator[tuple[str, str, str]]:
    """Every piece of SQL with what it is of and its place, in the order of the models."""
    for name, funnel in source.definitions.funnels.items():
        written = [("steps", at, step.where) for at, step in enumerate(funnel.steps)]
        written += [("exclude", at, each.where) for at, each in enumerate(funnel.exclude)]
        for key, at, where in written:
            if where is not None:
                yield "fk_events", source.place("funnels", name, key, at, "where"), where
    for name, text in source.definitions.segments.items():
        yield "fk_entries", source.place("segments", name), text


def _wrong(text: str, what: str, reason: str) -> FunnelkitError:
    return FunnelkitError(
        f"{what}: {text!r} is not one SQL expression: {reason}", 'like "recipients > 0"'
    )
