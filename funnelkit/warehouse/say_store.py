"""Mentions of themes in texts, kept in the warehouse: the tables of schema `say_do`.

One run at a time, under a key that is equal only for the same texts, taxonomy and method: whoever
asks again reads, and whoever asks something else computes. No words of anybody are in them.
"""

from typing import TYPE_CHECKING

from funnelkit.warehouse.meta import has_table

if TYPE_CHECKING:
    import polars as pl
    from duckdb import DuckDBPyConnection


def keep(con: "DuckDBPyConnection", key: str, mentions: "pl.DataFrame") -> None:
    """Replaces say_do.runs and say_do.mentions by this run, in a transaction."""
    con.execute("begin")
    con.execute("create schema if not exists say_do")
    con.execute("create or replace table say_do.runs (key varchar)")
    con.execute("insert into say_do.runs values (?)", [key])
    con.register("fk_mentions", mentions)
    con.execute("create or replace table say_do.mentions as from fk_mentions")
    con.unregister("fk_mentions")
    con.execute("commit")


def has(con: "DuckDBPyConnection", key: str) -> bool:
    """Whether what is kept was kept under this key."""
    if not has_table(con, "say_do", "runs"):
        return False
    return bool(con.execute("select 1 from say_do.runs where key = ?", [key]).fetchall())


def kept(con: "DuckDBPyConnection", key: str) -> "pl.DataFrame | None":
    """The mentions under this key; None where others, or none, were kept."""
    if not has(con, key):
        return None
    found: pl.DataFrame = con.sql("from say_do.mentions order by response_id, theme").pl()
    return found


def drop(con: "DuckDBPyConnection") -> None:
    """Removes what was kept: the project declares no themes any more."""
    con.execute("drop table if exists say_do.mentions")
    con.execute("drop table if exists say_do.runs")
