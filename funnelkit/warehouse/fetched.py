"""Marts that Spark has built, brought into the DuckDB file that every command reads.

What is as large as the log stays where it is; the rest comes through Parquet, in one transaction.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from funnelkit.errors import FunnelkitError
from funnelkit.warehouse import log_answers
from funnelkit.warehouse.connect import identifier, interruptible, literal, unglobbed

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

Columns = Mapping[str, Sequence[tuple[str, str]]]

# A row per event, step of a funnel or raw row.
OF_THE_LOG = frozenset(
    {
        *("fct_events", "fct_sessions", "fct_funnel_steps", "stg_raw__events", "stg_raw__users"),
        *("int_aha_rows", "int_aha_steps", "int_events_duplicates", "int_events_excluded"),
        *("int_funnel_chain_rows", "int_funnel_chains", "int_funnel_rows", "int_log_ids"),
        *("int_identity_changes", "int_touched_users", "int_touched_values"),
    }
)
_PACKAGE = "funnelkit"
_PART = "fk_part"
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
    """Whether the table of this model is brought into the warehouse.

    Other tables are for later models to read.
    """
    if name in log_answers.names():
        return True
    return name not in OF_THE_LOG and (name in _BESIDE or name.startswith(_MARTS))


def fetch(
    con: "DuckDBPyConnection",
    tables: Path,
    columns: Columns,
    manifest: Path,
    record: Callable[[], None] = lambda: None,
) -> list[str]:
    """Replaces what an earlier build left by tables of the folder `tables`; their names.

    `columns`: of all that Spark has there; `manifest`: dbt's, whose models say which tables of the
    warehouse a build has made: others stay, as do snapshots, which no build can make again. One
    transaction, in which `record` says whose they are: readers see all of the one build or all of
    the other. Raises FunnelkitError for a table without files.
    """
    models = _models(json.loads(manifest.read_text(encoding="utf-8")))
    ours = {node["alias"] for node in models if node["package_name"] == _PACKAGE}
    names = sorted(
        name
        for name in columns
        if name in log_answers.names() or (name in ours and comes_back(name))
    )
    con.execute("begin")
    try:
        made = {*names, *(node["alias"] for node in models)}
        for kind, name in _there(con):
            if name in made:
                con.execute(f"drop {kind} main.{identifier(name)}")
        con.execute("drop table if exists meta.model_state")
        for name in names:
            query = _query(tables / name, columns[name])
            with interruptible():
                con.execute(f"create table main.{identifier(name)} as {query}")
        record()
        con.execute("commit")
    except BaseException:
        con.execute("rollback")
        raise
    return names


def _models(manifest: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Those whose tables stand beside ours, and those that the definitions no longer ask for."""
    disabled = (each for several in manifest.get("disabled", {}).values() for each in several)
    return [
        node
        for node in (*manifest["nodes"].values(), *disabled)
        if node["resource_type"] == "model" and node["schema"] == "main"
    ]


def _there(con: "DuckDBPyConnection") -> Iterator[tuple[str, str]]:
    """Kind and name of each table and view of the marts' schema."""
    found = con.execute(
        "select case table_type when 'VIEW' then 'view' else 'table' end, table_name"
        " from information_schema.tables"
        " where table_catalog = current_database() and table_schema = 'main' order by all"
    ).fetchall()
    yield from ((str(kind), str(name)) for kind, name in found)


def _query(folder: Path, columns: Sequence[tuple[str, str]]) -> str:
    """Its rows, typed as Spark has them; times in UTC without saying so, as DuckDB's models do.

    What part of a table a row is in stands in the names of folders alone.
    """
    own = [(identifier(name), kind) for name, kind in columns if name != _PART]
    if not any(folder.rglob("*.parquet")):
        if _PART not in dict(columns):
            raise FunnelkitError(f"Spark has built {folder.name}, and {folder} holds no file")
        nothing = ", ".join(f"cast(null as {kind}) as {name}" for name, kind in own)
        return f"select {nothing} where false"
    cells = ", ".join(f"cast({name} as {kind}) as {name}" for name, kind in own)
    files = literal(f"{unglobbed(folder)}/**/*.parquet")
    return f"select {cells} from read_parquet({files}, hive_partitioning = false)"
