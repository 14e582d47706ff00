"""SQL that the project's author or the caller writes: `where` of steps, `--where`."""

from typing import TYPE_CHECKING

from funnelkit.errors import FunnelkitError

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


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


def _wrong(text: str, what: str, reason: str) -> FunnelkitError:
    return FunnelkitError(
        f"{what}: {text!r} is not one SQL expression: {reason}", 'like "recipients > 0"'
    )
