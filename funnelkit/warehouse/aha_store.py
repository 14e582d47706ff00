"""What the search for aha moments found, kept in the warehouse: the tables of schema `aha`.

One search at a time, under a key that is equal only for the same rules over the same rows: whoever
asks again reads, and whoever asks something else computes.
"""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

from funnelkit.warehouse.meta import has_table

if TYPE_CHECKING:
    import polars as pl
    from duckdb import DuckDBPyConnection


class Kept(NamedTuple):
    """A search as it was kept: facts of the run, one row an event, one row a cell."""

    facts: Mapping[str, Any]
    findings: "pl.DataFrame"
    cells: "pl.DataFrame"


def keep(con: "DuckDBPyConnection", key: str, outcome: str, found: Kept) -> None:
    """Replaces aha.search_runs, aha.findings and aha.cells by this search, in a transaction."""
    con.execute("begin")
    con.execute("create schema if not exists aha")
    con.execute(
        "create or replace table aha.search_runs (key varchar, outcome varchar, facts varchar)"
    )
    con.execute(
        "insert into aha.search_runs values (?, ?, ?)", [key, outcome, json.dumps(found.facts)]
    )
    for name in ("findings", "cells"):
        con.register("fk_found", getattr(found, name))
        con.execute(f"create or replace table aha.{name} as from fk_found")
        con.unregister("fk_found")
    con.execute("commit")


def kept(con: "DuckDBPyConnection", key: str) -> Kept | None:
    """The search under this key; None where another, or none, was kept."""
    if not has_table(con, "aha", "search_runs"):
        return None
    found = con.execute("select facts from aha.search_runs where key = ?", [key]).fetchall()
    if not found:
        return None
    findings, cells = (con.sql(f"from aha.{name}").pl() for name in ("findings", "cells"))
    return Kept(json.loads(found[0][0]), findings, cells)


def drop(con: "DuckDBPyConnection") -> None:
    """Removes what was kept: the project declares no search any more."""
    con.execute("drop schema if exists aha cascade")
