"""Filling raw.events and raw.users from a vendor's export, by way of one temporary table."""

import itertools
from collections.abc import Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from funnelkit.errors import FunnelkitError
from funnelkit.warehouse.cells import sorted_without_id, stored_time
from funnelkit.warehouse.connect import literal
from funnelkit.warehouse.mapping import constant
from funnelkit.warehouse.presets.preset import EVENT_CELLS, USER_CELLS, Preset
from funnelkit.warehouse.presets.query import check_columns, staged
from funnelkit.warehouse.raw import ORIGIN
from funnelkit.warehouse.sources import Scan
from funnelkit.warehouse.times import time_sql, unreadable

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_serial = itertools.count(1)


class Reading(NamedTuple):
    """How an export is read: its preset, `--map` and `--time-format`."""

    preset: Preset
    mapping: Mapping[str, str]
    time_format: str | None = None


def stage(con: "DuckDBPyConnection", reading: Reading, scan: Scan) -> str:
    """The name of a temporary table with a row per record of the file; see `query.staged`.

    Raises FunnelkitError for a file that is not the vendor's export: a column is missing, no row
    has a name or a time, a mapped property is nowhere.
    """
    check_columns(con, reading.preset, scan)
    table = f"fk_export_{next(_serial)}"
    query = staged(reading.preset, scan, scan.relation, reading.mapping)
    con.execute(f"create temp table {table} as {query}")
    try:
        _check(con, reading, scan, f"temp.{table}")
    except BaseException:
        drop(con, f"temp.{table}")
        raise
    return f"temp.{table}"


def drop(con: "DuckDBPyConnection", table: str) -> None:
    """Drop what `stage` made."""
    import duckdb

    # In a transaction that failed nothing can be dropped; its rollback takes it away.
    with suppress(duckdb.TransactionException):
        con.execute(f"drop table if exists {table}")


def events_sql(reading: Reading, table: str) -> str:
    """SQL: the rows of raw.events, without their origin but with fk_line."""
    cells = {name: f"e_{name}" for name in (*EVENT_CELLS, "properties")}
    for name in ("occurred_at", "received_at"):
        cells[name] = stored_time(cells[name], reading.time_format)
    cells["properties"] = sorted_without_id("e_event_id", "e_properties")
    return f"select {_named(cells)}, fk_line from {table}"


def users_sql(reading: Reading, table: str) -> str:
    """SQL: the rows of raw.users, without their origin but with fk_line; none without traits."""
    cells = {name: f"u_{name}" for name in (*USER_CELLS, "properties")}
    cells["updated_at"] = stored_time(cells["updated_at"], reading.time_format)
    traits = reading.preset.traits
    assert traits is not None
    known = "coalesce(u_user_id, u_anonymous_id) is not null"
    rows = (
        f"select {_named(cells)}, fk_line from {table} where u_properties is not null and {known}"
    )
    if not traits.once:
        return rows
    equal = ", ".join((*USER_CELLS, "properties"))
    return (
        f"select * from ({rows}) qualify"
        f" row_number() over (partition by {equal} order by fk_line) = 1"
    )


def insert(
    con: "DuckDBPyConnection", reading: Reading, table: str, name: str, number: int
) -> tuple[int, int]:
    """Insert into raw.events, and raw.users where there are traits; how many rows of each."""
    events = _insert(
        con, "events", (*EVENT_CELLS, "properties"), events_sql(reading, table), name, number
    )
    if reading.preset.traits is None:
        return events, 0
    told = (*USER_CELLS, "properties")
    return events, _insert(con, "users", told, users_sql(reading, table), name, number)


def _insert(
    con: "DuckDBPyConnection", kind: str, cells: tuple[str, ...], rows: str, name: str, number: int
) -> int:
    ((count,),) = con.execute(
        f"insert into raw.{kind} ({', '.join((*cells, *ORIGIN))})"
        f" select {', '.join(cells)}, {literal(name)}, fk_line, {number} from ({rows})"
    ).fetchall()
    return int(count)


def _named(cells: Mapping[str, str]) -> str:
    return ", ".join(f"{sql} as {name}" for name, sql in cells.items())


def _check(con: "DuckDBPyConnection", reading: Reading, scan: Scan, table: str) -> None:
    preset, file = reading.preset, scan.source.path.name
    readable = time_sql("e_occurred_at", reading.time_format)
    mapped = [name for name in reading.mapping if constant(reading.mapping[name]) is None]
    counts = ", ".join(f"count(e_{name})" for name in mapped)
    ((rows, names, times, example, *found),) = con.execute(
        f"select count(*), count(e_event_name), count({readable}), any_value(e_occurred_at)"
        f"{', ' * bool(counts)}{counts} from {table}"
    ).fetchall()
    if not rows:
        return
    for name, count in zip(mapped, found, strict=True):
        if not count:
            raise FunnelkitError(
                f"{file}: no event has a property {reading.mapping[name]!r}"
                f" (--map {name}={reading.mapping[name]})",
                "with a preset, --map names a property of the events or another column",
            )
    if not names:
        raise FunnelkitError(
            f"{file}: no row has an event's name ({preset.fields_of('event_name')});"
            f" expected a {preset.title} export",
            "is it another file of the export? --preset takes its events",
        )
    if not times and example is not None:
        expected, hint = unreadable(reading.time_format)
        raise FunnelkitError(
            f"{file}, {preset.fields_of('occurred_at')}: {str(example)[:60]!r} is not a time, nor"
            f" is any other value; expected {expected}",
            hint,
        )
