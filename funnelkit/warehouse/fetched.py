"""Marts that Spark has built, brought into the DuckDB file that every command reads.

What is as large as the log stays where it is; the rest comes through Parquet, in one transaction.
"""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from funnelkit.warehouse.connect import identifier, literal

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

# A row per event, step of a funnel or raw row.
OF_THE_LOG = frozenset(
    {
        *("fct_events", "fct_sessions", "fct_funnel_steps", "stg_raw__events", "stg_raw__users"),
        *("int_aha_rows", "int_aha_steps", "int_events_duplicates", "int_events_excluded"),
        *("int_funnel_chain_rows", "int_funnel_chains", "int_funnel_rows", "int_log_ids"),
        *("int_identity_changes", "int_touched_users", "int_touched_values"),
    }
)
# Of the others, what nothing reads but later models.
_MARTS = ("dim_", "fct_", "rpt_")
_BESIDE = frozenset(
    {
        *("int_aha_exposures", "int_aha_preceding", "int_customer_revenue", "int_entrant_values"),
        *("int_entrants", "int_excluded_users", "int_funnel_entities", "int_funnel_journeys"),
        *("int_funnel_leavers", "int_identities", "int_observed_until", "int_user_rows"),
        *("int_users", "raw_rejects"),
    }
)


def comes_back(name: str) -> bool:
    """Whether a table of this name is brought into the warehouse."""
    if name in OF_THE_LOG:
        return False
    return name in _BESIDE or name.startswith((*_MARTS, "log_"))


def fetch(con: "DuckDBPyConnection", tables: Path, manifest: Path) -> list[str]:
    """Replaces what an earlier build left by the tables in the folder `tables`; their names.

    `manifest`: dbt's, whose models say which tables of the warehouse were made by a build: others
    stay. One transaction: readers see all of the one build or all of the other.
    """
    names = sorted(path.name for path in tables.iterdir() if comes_back(path.name))
    con.execute("begin")
    try:
        for kind, name in _built(con, manifest, names):
            con.execute(f"drop {kind} main.{identifier(name)}")
        con.execute("drop table if exists meta.model_state")
        for name in names:
            con.execute(f"create table main.{identifier(name)} as {_query(con, tables / name)}")
        con.execute("commit")
    except BaseException:
        con.execute("rollback")
        raise
    return names


def _built(
    con: "DuckDBPyConnection", manifest: Path, names: Iterable[str]
) -> Iterator[tuple[str, str]]:
    """Kind and name of what is there and a build has made, or is about to."""
    nodes = json.loads(manifest.read_text(encoding="utf-8"))["nodes"].values()
    made = {node["alias"] for node in nodes if node["resource_type"] in ("model", "snapshot")}
    found = con.execute(
        "select case table_type when 'VIEW' then 'view' else 'table' end, table_name"
        " from information_schema.tables"
        " where table_catalog = current_database() and table_schema = 'main' order by all"
    ).fetchall()
    for kind, name in found:
        if name in made or name in set(names):
            yield str(kind), str(name)


def _query(con: "DuckDBPyConnection", folder: Path) -> str:
    """Its rows; times as DuckDB's models have them, in UTC without saying so."""
    files = f"read_parquet({literal(f'{folder}/**/*.parquet')}, hive_partitioning = true)"
    columns = con.execute(f"describe select * from {files}").fetchall()
    cells = [
        f"cast({identifier(name)} as timestamp) as {identifier(name)}"
        if kind.startswith("TIMESTAMP")
        else identifier(name)
        for name, kind, *_ in columns
    ]
    return f"select {', '.join(cells)} from {files}"
