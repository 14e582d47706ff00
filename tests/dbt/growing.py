"""Logs that arrive in pieces, and what has to be equal however they arrived."""

import csv
import random
import shutil
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal, NamedTuple

import duckdb

import funnelkit as fk
from funnelkit.api import Project
from funnelkit.project.scaffold import write_project

# Every kind of funnel whose tables grow: runs, lanes, attempts, entities, order, exclusions.
DEFINITIONS = """
event_properties: {item: varchar, n: integer}
user_properties: {plan: varchar}
sessions: {idle: 30 minutes}
identity: {shared_devices: first, max_users_per_device: 20, max_ids_per_person: 100}
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
outcomes:
  back: {event: [a, c], after: 36 hours, within: 1 day}
  spent: {event: b, sum: n, at_least: 2, after: 12 hours, within: 1 day}
  bought: {funnel: plain, after: 6 hours, within: 1 day}
  gone: {not: back}
aha_moments:
  twice: {event: b, at_least: 2, within: 12 hours, outcome: back, funnel: plain}
  tried: {event: b, within: 12 hours, funnel: tries, breakdowns: [plan]}
  daily: {event: [a, b], count: days, at_least: 2, within: 36 hours, entity: account_id, entry: a}
  varied: {event: b, count: {distinct: item}, at_least: 2, within: 2 days, entity: item, entry: a}
aha_search: {funnel: accounts, outcome: back, days: [1], alive: 12 hours, stratify_by: [plan]}
"""
# Caps that random logs exceed, so that a later load may also part what an earlier one joined.
CAPPED = DEFINITIONS.replace(
    "shared_devices: first, max_users_per_device: 20, max_ids_per_person: 100",
    "shared_devices: last, max_users_per_device: 2, max_ids_per_person: 3",
)
START = datetime(2026, 1, 1, tzinfo=UTC)
# Numbers that a build gives as it comes to them, and where a row stood.
_KEYS = frozenset(
    {"event_no", "user_key", "account_key", "entity_key", "owner_key", "row_no", "load_no"}
    | {"source_file", "source_line"}
)
_COMPARED = (
    *("dim_", "fct_", "rpt_", "raw_rejects", "int_identities", "int_observed_until", "int_users"),
    *("int_events_duplicates", "int_events_excluded"),
)
_NOT_COMPARED = "rpt_restatements"  # counts what happened on the way

RawKind = Literal["events", "users", "feedback"]
Row = Sequence[str | None]


class Event(NamedTuple):
    """A row of raw.events."""

    event_id: str | None = None
    user_id: str | None = None
    anonymous_id: str | None = None
    previous_id: str | None = None
    account_id: str | None = None
    event_name: str | None = "a"
    occurred_at: str | None = None
    received_at: str | None = None
    properties: str | None = None


class User(NamedTuple):
    """A row of raw.users."""

    user_id: str | None = None
    anonymous_id: str | None = None
    account_id: str | None = None
    updated_at: str | None = None
    properties: str | None = None


class Answer(NamedTuple):
    """A row of raw.feedback."""

    response_id: str
    user_id: str
    submitted_at: str
    question: str
    score: str


_COLUMNS = {"events": Event._fields, "users": User._fields, "feedback": Answer._fields}


def at(**after: float) -> str:
    """An instant so long after START."""
    return (START + timedelta(**after)).strftime("%Y-%m-%dT%H:%M:%SZ")


def random_rows(seed: int, events: int = 120) -> tuple[list[Event], list[User]]:
    """A log of a few users and devices with all that goes wrong in logs, and rows about its users:

    events without ids, ids that occur twice (also with other users), aliases in all directions,
    rows that came late or before they occurred, from 1999 or without a name, several of an instant.
    """
    draw = random.Random(seed)
    users, devices = [f"u{n}" for n in range(9)], [f"d{n}" for n in range(7)]
    log = []
    for n in range(events):
        second = draw.choice([60, 600, 3600, 7200]) * draw.randrange(60) + draw.randrange(3)
        user = draw.choice([None, None, *users])
        device = draw.choice([None, *devices] if user else devices)
        item = draw.choice(["i1", "i2", "i3", "bot"]) if draw.random() < 0.7 else None
        number = draw.choice(["1", '"x"', "2.5"])
        log.append(
            Event(
                event_id=draw.choice([None, f"e{draw.randrange(60)}", f"own-{n}"]),
                user_id=user,
                anonymous_id=device if draw.random() < 0.5 or not user else None,
                previous_id=draw.choice([*users, *devices, "x"]) if draw.random() < 0.06 else None,
                account_id=draw.choice([None, None, "A", "B"]),
                event_name=draw.choice("aaabbbccx") if draw.random() < 0.98 else None,
                occurred_at=at(seconds=second) if n % 37 else "1999-01-01T00:00:00Z",
                received_at=draw.choice(
                    [
                        None,
                        at(seconds=second + 5),
                        at(seconds=second + 4000),
                        at(seconds=second - 90000),
                    ]
                ),
                properties=None if item is None else f'{{"item": "{item}", "n": {number}}}',
            )
        )
        if draw.random() < 0.05:
            log.append(log[-1])
    plans = ["free", "pro"] * 4 + ["staff"]
    told = [
        User(
            *draw.choice(
                [(draw.choice([*users, "u99"]), None), (None, draw.choice([*devices, "d99"]))]
            ),
            draw.choice([None, "A", "C"]),
            at(hours=draw.randrange(40)) if draw.random() < 0.8 else None,
            f'{{"plan": "{draw.choice(plans)}"}}',
        )
        for _ in range(12)
    ]
    return log, told


def project(root: Path, definitions: str = DEFINITIONS) -> Project:
    write_project(root, "growing", definitions)
    return fk.open(root)


def redefine(opened: Project, old: str, new: str) -> Project:
    """The same project with other definitions."""
    file = opened.paths.root / "dbt_project.yml"
    text = file.read_text("utf-8")
    assert text.count(old) == 1
    file.write_text(text.replace(old, new), "utf-8")
    return fk.open(opened.paths.root)


def load(opened: Project, kind: RawKind, name: str, rows: Iterable[Row]) -> None:
    target = opened.paths.root / f"{name}.csv"
    with target.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(_COLUMNS[kind])
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
            if table.startswith(_COMPARED) and column not in _KEYS and table != _NOT_COMPARED:
                found.setdefault(table, []).append(column)
        return {
            table: sorted(
                con.execute(f"select {', '.join(names)} from {table}").fetchall(), key=repr
            )
            for table, names in found.items()
        }


def rows(opened: Project, sql: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(opened.paths.warehouse), read_only=True) as con:
        return con.execute(sql).fetchall()


def differences(one: dict[str, list[Any]], other: dict[str, list[Any]]) -> dict[str, Any]:
    """Table to the first rows that only one of both has."""
    assert one.keys() == other.keys()
    return {
        table: (
            [row for row in found if row not in other[table]][:5],
            [row for row in other[table] if row not in found][:5],
        )
        for table, found in one.items()
        if found != other[table]
    }


def times_whole(opened: Project) -> dict[str, int]:
    """How often each table that grows was made whole."""
    told = rows(opened, "select model, max(generation) from meta.model_state group by model")
    return {model: times for model, times in told if model != "int_funnel_journeys"}
