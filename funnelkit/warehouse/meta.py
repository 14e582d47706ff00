"""Which build the marts come from: one row, written by `build`, read before anything is printed."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from funnelkit import __version__

if TYPE_CHECKING:
    import duckdb

RUNNING, FINISHED, PARTIAL, FAILED = "running", "finished", "partial", "failed"

# No clock and no id: the row says what was built, so that the same build leaves the same bytes.
_DDL = """
create schema if not exists meta;
create table if not exists meta.builds (
    state varchar not null, selection varchar not null,
    definitions varchar not null, version varchar not null
);
"""


@dataclass(frozen=True)
class Build:
    """The last build that changed a mart.

    `state` is `running` (also after it was killed), `finished`, `partial` (a selection was built)
    or `failed`; `selection` are the arguments that selected, `--select good`; `definitions` is the
    project's `funnelkit` block as canonical JSON.
    """

    state: str
    selection: str
    definitions: str
    version: str


def canonical(definitions: Mapping[str, Any]) -> str:
    """The definitions as JSON text that is equal when, and only when, they are."""
    return json.dumps(definitions, sort_keys=True, separators=(",", ":"), default=str)


def record(con: "duckdb.DuckDBPyConnection", state: str, selection: str, definitions: str) -> None:
    """Replaces the one row of meta.builds, in a transaction."""
    con.execute("begin")
    con.execute(_DDL)
    con.execute("delete from meta.builds")
    con.execute(
        "insert into meta.builds values (?, ?, ?, ?)", [state, selection, definitions, __version__]
    )
    con.execute("commit")


def last_build(con: "duckdb.DuckDBPyConnection") -> Build | None:
    """The last build of this warehouse; None when only a plain `dbt` has built it, or nothing."""
    if not has_table(con, "meta", "builds"):
        return None
    rows = con.execute("select state, selection, definitions, version from meta.builds").fetchall()
    return Build(*rows[0]) if rows else None


def has_table(con: "duckdb.DuckDBPyConnection", schema: str, name: str) -> bool:
    """Whether the warehouse has this table or view."""
    found = con.execute(
        "select count(*) from information_schema.tables"
        " where table_catalog = current_database() and table_schema = ? and table_name = ?",
        [schema, name],
    ).fetchall()
    return bool(found[0][0])


def warning(build: Build | None, definitions: Mapping[str, Any] | None = None) -> str | None:
    """One sentence when the marts mix builds, or are older than the definitions; else None."""
    if build is None or build.state == FINISHED:
        if build and definitions is not None and canonical(definitions) != build.definitions:
            return "the definitions changed after the last build: run `funnelkit build`"
        return None
    if build.state == PARTIAL:
        how = f"built only a part ({build.selection})"
    else:
        how = "did not finish"
    return f"the last build {how}, so the tables are from different builds: run `funnelkit build`"
