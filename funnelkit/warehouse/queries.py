"""The named queries of sql/, run on built marts."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from funnelkit.errors import FunnelkitError
from funnelkit.paths import root
from funnelkit.warehouse import meta
from funnelkit.warehouse.conditions import condition_error
from funnelkit.warehouse.connect import connect

if TYPE_CHECKING:
    import polars as pl
    from duckdb import DuckDBPyConnection


def query(con: "DuckDBPyConnection", name: str, **parameters: object) -> list[dict[str, Any]]:
    """Rows of sql/<name>.sql, a dict each; grain and parameters are in the file's header.

    Raises FunnelkitError when a mart is missing: nothing was built yet, or by an older version.
    """
    with built_tables(con):
        found = con.execute(_text(con, name), parameters or None)
    names = [column[0] for column in found.description or ()]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]


def frame(con: "DuckDBPyConnection", name: str, **parameters: object) -> "pl.DataFrame":
    """The same as a Polars frame, for jobs: no Python value a row. Raises as `query` does."""
    with built_tables(con):
        found: pl.DataFrame = con.sql(_text(con, name), params=parameters or None).pl()
    return found


def _text(con: "DuckDBPyConnection", name: str) -> str:
    # The same answer from what was counted beside the log, where the log is not here.
    kept = root("sql") / "kept" / f"{name}.sql"
    if kept.is_file() and not meta.log_is_here(con):
        return kept.read_text("utf-8")
    return (root("sql") / f"{name}.sql").read_text("utf-8")


@contextmanager
def built_tables(con: "DuckDBPyConnection") -> Iterator[None]:
    """A mart that is missing is told as such: nothing was built yet, by an older version, or it is
    as large as the log and stayed where Spark has built it.
    """
    import duckdb

    try:
        yield
    except duckdb.CatalogException as error:
        meta.needs_log(con, "this")
        missing = str(error).splitlines()[0].removeprefix("Catalog Error: ")
        raise FunnelkitError(f"not built yet: {missing}", "run `funnelkit build`") from None


def open_marts(warehouse: Path) -> "DuckDBPyConnection":
    """The warehouse, read-only. Raises FunnelkitError when there is none or it is in use."""
    return connect(warehouse, read_only=True)


@contextmanager
def readable_errors(con: "DuckDBPyConnection", relation: str) -> Iterator[None]:
    """What DuckDB refuses in a condition, such as a column that is not there, is the caller's.

    The hint names the columns of `relation`; `told_in` adds the place.
    """
    import duckdb

    try:
        yield
    except (duckdb.InterruptException, duckdb.OutOfMemoryException, duckdb.IOException):
        raise
    except duckdb.Error as error:
        found = [str(row[0]) for row in con.execute(f"describe {relation}").fetchall()]
        raise condition_error(con, error, found) from None
