"""Logs that arrive in pieces, and what has to be equal however they arrived."""

import csv
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import duckdb

import funnelkit as fk
from funnelkit.api import Project
from funnelkit.project.scaffold import write_project

# Every kind of funnel whose tables grow: runs, lanes, attempts, entities, order, exclusions.
DEFINITIONS = """
event_properties: {item: varchar, n: integer}
user_properties: {plan: varchar}
sessions: {idle: 30 minutes}
quality:
  near_duplicates: 5 seconds
  exclude:
    - {name: bots, events: "item = 'bot'"}
    - {name: staff, users: "plan = 'staff'"}
funnels:
  plain: {steps: [a, b, c], window: 1 day, breakdowns: [plan, {property: item, at: b}]}
  best: {steps: [a, b, c], window: 6 hours, entry: best}
  held: {steps: [a, b], window: 1 day, hold: [item], breakdowns: [plan]}
  tries: {steps: [a, b], window: 6 hours, count: entries}
  visits: {steps: [a, b], window: 1 hour, entity: session_id}
  items: {steps: [a, b], window: 1 day, entity: item}
  accounts: {steps: [a, b, c], window: 1 day, entity: account_id, entry: best, breakdowns: [plan]}
  anyhow: {steps: [a, b, c], window: 1 day, order: any}
  leavers: {steps: [a, b], window: 1 day, exclude: [{event: c, from: a, to: b, scope: entity}]}
"""
EVENT_COLUMNS = (
    *("event_id", "user_id", "anonymous_id", "previous_id", "account_id", "event_name"),
    *("occurred_at", "received_at", "properties"),
)
USER_COLUMNS = ("user_id", "anonymous_id", "account_id", "updated_at", "properties")
# Numbers that a build gives as it comes to them, and where a row stood.
_KEYS = frozenset(
    "event_no user_key account_key entity_key owner_key row_no load_no source_file source_line".split()
)
_COMPARED = ("dim_", "fct_", "rpt_", "raw_rejects", "int_identities", "int_observed_until", "int_events_duplicates", "int_users")

Row = tuple[str | None, ...]


def project(root: Path, definitions: str = DEFINITIONS) -> Project:
    write_project(root, "growing", definitions)
    return fk.open(root)


def load(opened: Project, kind: str, name: str, rows: Iterable[Row]) -> None:
    target = opened.paths.root / f"{name}.csv"
    with target.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(EVENT_COLUMNS if kind == "events" else USER_COLUMNS)
        writer.writerows([["" if cell is None else cell for cell in row] for row in rows])
    opened.load(kind, [str(target)])


def build(opened: Project, *args: str) -> None:
    assert opened.dbt(["run", "--quiet", *args]) == 0


def whole(opened: Project, root: Path, *args: str) -> Project:
    """The same raw rows in another project, and every table made of them at once."""
    shutil.copytree(opened.paths.root, root)
    again = fk.open(root)
    build(again, "--full-refresh", *args)
    return again


def tables(opened: Project) -> dict[str, list[Any]]:
    """Every table that a build may be asked for, without its keys, sorted."""
    with duckdb.connect(str(opened.paths.warehouse), read_only=True) as con:
        columns = con.execute(
            "select table_name, column_name from information_schema.columns"
            " where table_schema = 'main' order by table_name, ordinal_position"
        ).fetchall()
        found: dict[str, list[str]] = {}
        for table, column in columns:
            if table.startswith(_COMPARED) and column not in _KEYS and table != "rpt_restatements":
                found.setdefault(table, []).append(column)
        return {
            table: sorted(con.execute(f"select {', '.join(names)} from {table}").fetchall(), key=repr)
            for table, names in found.items()
        }


def differences(one: dict[str, list[Any]], other: dict[str, list[Any]]) -> dict[str, Any]:
    """Table to the rows that only one of both has."""
    assert one.keys() == other.keys()
    return {
        table: ([r for r in rows if r not in other[table]][:5], [r for r in other[table] if r not in rows][:5])
        for table, rows in one.items()
        if rows != other[table]
    }


def is_grown(opened: Project, models: Sequence[str]) -> bool:
    """Whether the last build added to these tables, and made none of them whole again."""
    with duckdb.connect(str(opened.paths.warehouse), read_only=True) as con:
        rows = con.execute(
            "select model, max(generation) from meta.model_state group by model"
        ).fetchall()
    generations = dict(rows)
    return all(generations[model] == 1 for model in models)
