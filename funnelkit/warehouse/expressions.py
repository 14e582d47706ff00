"""SQL that the project's author or the caller writes: `where` of steps, segments, `--where`."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from funnelkit.errors import FunnelkitError

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

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
    """Raises FunnelkitError, one line a mistake, unless all SQL in the definitions is expressions.

    That is the `where` of steps and exclusions, and the segments.
    """
    conditions = list(_conditions(source))
    if not conditions:
        return
    from funnelkit.warehouse.connect import memory

    mistakes: list[FunnelkitError] = []
    with memory() as con:
        for place, text in conditions:
            try:
                check_expression(con, text, place)
            except FunnelkitError as error:
                mistakes.append(error)
    if mistakes:
        raise FunnelkitError("\n".join(each.message for each in mistakes), mistakes[0].hint)


def _conditions(source: "Source") -> Iterator[tuple[str, str]]:
    """Every piece of SQL with its place, in the order of the models."""
    for name, funnel in source.definitions.funnels.items():
        written = [("steps", at, step.where) for at, step in enumerate(funnel.steps)]
        written += [("exclude", at, each.where) for at, each in enumerate(funnel.exclude)]
        for key, at, where in written:
            if where is not None:
                yield source.place("funnels", name, key, at, "where"), where
    for name, text in source.definitions.segments.items():
        yield source.place("segments", name), text


def _wrong(text: str, what: str, reason: str) -> FunnelkitError:
    return FunnelkitError(
        f"{what}: {text!r} is not one SQL expression: {reason}", 'like "recipients > 0"'
    )
