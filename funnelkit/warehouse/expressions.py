"""SQL that the project's author or the caller writes: `where` of steps, `--where`."""

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
    """Raises FunnelkitError, one line a mistake, unless every step's `where` is one expression."""
    conditions = [
        (source.place("funnels", name, "steps", at, "where"), step.where)
        for name, funnel in source.definitions.funnels.items()
        for at, step in enumerate(funnel.steps)
        if step.where is not None
    ]
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


def _wrong(text: str, what: str, reason: str) -> FunnelkitError:
    return FunnelkitError(
        f"{what}: {text!r} is not one SQL expression: {reason}", 'like "recipients > 0"'
    )
