"""A first look at a log: its preset or mapping, some rows, its events and properties, a funnel."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from funnelkit.errors import FunnelkitError
from funnelkit.warehouse import files
from funnelkit.warehouse.cells import cells_of
from funnelkit.warehouse.connect import memory
from funnelkit.warehouse.guess import Guess, guesses
from funnelkit.warehouse.mapping import check_mapping, resolve
from funnelkit.warehouse.presets import PLAIN, find
from funnelkit.warehouse.presets.fill import Reading, events_sql, users_sql
from funnelkit.warehouse.presets.preset import EVENT_CELLS, Preset
from funnelkit.warehouse.presets.query import check_columns, recognised, staged
from funnelkit.warehouse.raw import TARGETS
from funnelkit.warehouse.sources import Scan, reading
from funnelkit.warehouse.times import checked_format, time_sql

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

LOOK = 100_000  # rows
_SHOWN = ("event_name", "occurred_at", "user_id", "anonymous_id", "previous_id", "account_id")
_MOST_PROPERTIES = 30


class Seen(NamedTuple):
    """An event's name, its rows, and how many users (or devices) did it."""

    name: str
    rows: int
    users: int


class Preview(NamedTuple):
    """What the first of the files looks like, in its first LOOK rows.

    `preset` and its `title` are None for a log that is no vendor's, `guesses` what was found for it
    then; `mapping` is what `load` needs (`--map`). `rows` are five, with `columns`, of different
    events where there are; `events` by frequency. Properties are name → type, of values in all
    rows looked at; `unnamed` are keys that no property can be named after. `funnel` are events
    that users do one after the other, fewer and fewer: a guess.
    """

    file: Path
    files: int
    preset: str | None
    title: str | None
    guesses: tuple[Guess, ...]
    mapping: dict[str, str]
    looked: int
    columns: tuple[str, ...]
    rows: tuple[tuple[str | None, ...], ...]
    events: tuple[Seen, ...]
    event_properties: dict[str, str]
    user_properties: dict[str, str]
    unnamed: tuple[str, ...]
    funnel: tuple[str, ...]


def preview(
    patterns: Sequence[str],
    *,
    preset: str | None = None,
    mapping: Mapping[str, str] | None = None,
    time_format: str | None = None,
) -> Preview:
    """Look at the first of the files; nothing is written.

    Raises FunnelkitError for files that cannot be read, another vendor's export, and a log without
    a column for time, event or user.
    """
    vendor, given = find(preset), dict(mapping or {})
    paths = files.find(patterns)
    if not paths:
        raise FunnelkitError("no file to look at", "example: --events 'logs/*.jsonl'")
    with memory() as con:
        if time_format is not None:
            checked_format(con, time_format)
        scan = files.scan(con, paths[0])
        try:
            with reading(paths[0]):
                if vendor is None and preset != PLAIN and not given:
                    vendor = recognised(con, scan)
                return _preview(con, scan, len(paths), vendor, given, time_format)
        finally:
            scan.close(con)


def _preview(
    con: "DuckDBPyConnection",
    scan: Scan,
    count: int,
    vendor: Preset | None,
    mapping: dict[str, str],
    time_format: str | None,
) -> Preview:
    check_mapping("events", mapping, EVENT_CELLS if vendor else None)
    found: tuple[Guess, ...] = ()
    if vendor is None:
        found = guesses(con, scan, mapping, time_format)
        mapping |= {g.target: g.column for g in found if g.target != g.column.lower()}
        _stage_plain(con, scan, mapping, time_format)
    else:
        check_columns(con, vendor, scan)
        _stage_export(con, scan, Reading(vendor, mapping, time_format))
    ((looked,),) = con.execute("select count(*) from fk_seen").fetchall()
    columns = tuple(c for c in _SHOWN if c in ("event_name", "occurred_at") or _has(con, c))
    properties, unnamed = _properties(con, "fk_seen")
    users, _ = _properties(con, "fk_told")
    return Preview(
        scan.source.path,
        count,
        vendor.name if vendor else None,
        vendor.title if vendor else None,
        found,
        mapping,
        looked,
        columns,
        _examples(con, columns),
        _events(con),
        properties,
        users,
        unnamed,
        _funnel(con),
    )


def _limited(scan: Scan) -> str:
    return f"(select * from {scan.peek} limit {LOOK})"


def _stage_plain(
    con: "DuckDBPyConnection", scan: Scan, mapping: Mapping[str, str], time_format: str | None
) -> None:
    columns = resolve("events", scan.source.path.name, scan.columns, mapping)
    cells = cells_of("events", scan, columns, "", time_format)
    named = ", ".join(f"{sql} as {t}" for t, sql in zip(TARGETS["events"], cells, strict=True))
    con.execute(
        f"create temp table fk_seen as select {named}, row_number() over () as fk_line"
        f" from {_limited(scan)}"
    )
    con.execute("create temp table fk_told as select properties from fk_seen where false")


def _stage_export(con: "DuckDBPyConnection", scan: Scan, how: Reading) -> None:
    query = staged(how.preset, scan, _limited(scan), how.mapping)
    con.execute(f"create temp table fk_export as {query}")
    con.execute(
        "create temp table fk_seen as select * exclude (fk_line), row_number() over () as fk_line"
        f" from ({events_sql(how, 'fk_export')})"
    )
    told = users_sql(how, "fk_export") if how.preset.traits else "from fk_seen where false"
    con.execute(f"create temp table fk_told as select properties from ({told})")


def _has(con: "DuckDBPyConnection", column: str) -> bool:
    ((count,),) = con.execute(f"select count({column}) from fk_seen").fetchall()
    return bool(count)


def _examples(
    con: "DuckDBPyConnection", columns: Sequence[str]
) -> tuple[tuple[str | None, ...], ...]:
    """Five rows in file order: one of each event first."""
    rows = con.execute(f"""
        select {", ".join(columns)} from (
            select *, row_number() over (partition by event_name order by fk_line) as nth
            from fk_seen order by nth, fk_line limit 5)
        order by fk_line""").fetchall()
    return tuple(rows)


_WHO = "coalesce(user_id, anonymous_id)"


def _events(con: "DuckDBPyConnection") -> tuple[Seen, ...]:
    rows = con.execute(f"""
        select event_name, count(*), count(distinct {_WHO}) from fk_seen
        where event_name is not null group by 1 order by 2 desc, 1""").fetchall()
    return tuple(Seen(*row) for row in rows)


def _properties(con: "DuckDBPyConnection", table: str) -> tuple[dict[str, str], tuple[str, ...]]:
    """The most frequent properties with the narrowest type of their values; unusable names."""
    time = time_sql("text")
    rows = con.execute(f"""
        select key,
            case
                when bool_and(lower(text) in ('true', 'false')) then 'boolean'
                when bool_and(regexp_full_match(text, '-?(0|[1-9][0-9]*)')
                    and try_cast(text as bigint) is not null) then 'bigint'
                when bool_and(regexp_full_match(
                    text, '-?(0|[1-9][0-9]*)([.][0-9]+)?([eE][+-]?[0-9]+)?')) then 'double'
                when bool_and(text like '____-__-__' and ({time}) is not null) then 'date'
                when bool_and(text like '____-__-__%' and ({time}) is not null) then 'timestamp'
                else 'varchar'
            end as type
        from (
            select entry.key as key, nullif(entry.value ->> '$', '') as text,
                json_type(entry.value) as kind
            from (
                select unnest(map_entries(
                    try_cast(try_cast(properties as json) as map(varchar, json)))) as entry
                from {table}))
        where text is not null
        group by key
        having not bool_or(kind in ('OBJECT', 'ARRAY'))
        order by count(*) desc, key""").fetchall()
    usable: dict[str, str] = {}
    unnamed = []
    for key, kind in rows:
        if not _can_be_named(key) or key.lower() in {name.lower() for name in usable}:
            unnamed.append(key)
        elif len(usable) < _MOST_PROPERTIES:
            usable[key] = kind
    return usable, tuple(unnamed)


def _can_be_named(key: str) -> bool:
    from pydantic import TypeAdapter, ValidationError

    from funnelkit.project.fields import PropertyName

    try:
        TypeAdapter(PropertyName).validate_python(key)
    except ValidationError:
        return False
    return True


# Rows that tell who somebody is, or that a visit began: no step.
_NO_STEPS = (
    "identify", "alias", "group", "$identify", "$create_alias", "$merge", "$merge_dangerously",
    "$set", "$groupidentify", "$pageleave", "$autocapture", "session_start", "user_engagement",
    "first_visit", "session_end",
)  # fmt: skip


def _funnel(con: "DuckDBPyConnection") -> tuple[str, ...]:
    """Up to four events of a tenth of the users or more, by how early users first do them, each
    done by fewer than the one before."""
    rows = con.execute(
        f"""
        with firsts as (
            select {_WHO} as who, event_name, min((occurred_at, fk_line)) as began
            from fk_seen
            where event_name is not null and {_WHO} is not null
                and not list_contains($apart, event_name)
            group by all),
        placed as (
            select *, row_number() over (partition by who order by began) as place from firsts)
        select event_name, count(*) as users, (select count(distinct who) from firsts) as everybody
        from placed group by 1 order by median(place), users desc, event_name""",
        {"apart": list(_NO_STEPS)},
    ).fetchall()
    steps: list[tuple[str, int]] = []
    for name, users, everybody in rows:
        if 10 * users >= everybody and len(steps) < 4 and (not steps or users < steps[-1][1]):
            steps.append((name, users))
    return tuple(name for name, _ in steps) if len(steps) > 1 else ()
