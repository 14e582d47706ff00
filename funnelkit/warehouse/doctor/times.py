"""What is odd about the times of the log: local time, dates, wrong clocks, a stray last event."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from funnelkit.paths import root
from funnelkit.warehouse import meta
from funnelkit.warehouse.doctor.check import Check, count, listed, share
from funnelkit.warehouse.queries import query

if TYPE_CHECKING:
    import duckdb

_FEW_ROWS = 20  # below it, chance alone makes any pattern
_MOST = 0.9
_MANY_AHEAD = 0.01
# A quarter of the day has a quarter of the events where nobody sleeps.
_QUIET = 0.125
_MIN_EVENTS, _MIN_DAYS, _MIN_USUAL = 1000, 7, 30
_MIDDAY = range(10, 19)
_NIGHT = 3  # the middle of the six hours in which most people sleep

File = Mapping[str, Any]


def files(con: "duckdb.DuckDBPyConnection") -> Iterator[Check]:
    """Files whose times look like local time or like dates, and events from before they happened.

    One scan of stg_raw__events, grouped by file.
    """
    if not meta.has_table(con, "main", "stg_raw__events"):
        return
    found = [row for row in query(con, "doctor_clocks") if row["rows"]]
    if not found:
        return
    local = [row for row in found if _is_local(row)]
    dates = [row for row in found if _is_dates(row)]
    if local:
        yield _local(local)
    if dates:
        yield _dates(dates)
    if not (local or dates):
        yield Check("times", "ok", "no file looks like local time, or like dates")
    yield from _clocks([row for row in found if row not in local])


def _is_local(row: File) -> bool:
    rows = row["received"]
    enough = rows >= _FEW_ROWS and row["near"] >= _MOST * rows
    # Where summer time alone is off, a part of the year is right.
    return bool(enough and row["shifted"] >= 0.2 * rows)


def _local(found: Sequence[File]) -> Check:
    first = found[0]
    hours = abs(first["quarters"]) / 4
    side = "ahead of" if first["quarters"] < 0 else "behind"
    shown = f"{hours:g} hour{'' if hours == 1 else 's'}"
    return Check(
        "times",
        "warn",
        f"{_names(found)}: occurred_at is {shown} {side} received_at in"
        f" {share(first['near'], first['received'])} of the rows: it looks like local time",
        "a time without an offset is read as UTC: export UTC, or 2026-03-29T08:00:00+02:00",
    )


def _is_dates(row: File) -> bool:
    constant = row["times_of_day"] == 1 and row["span_us"] > 0
    return bool(row["rows"] >= _FEW_ROWS and (row["midnight"] >= 0.99 * row["rows"] or constant))


def _dates(found: Sequence[File]) -> Check:
    return Check(
        "times",
        "warn",
        f"{_names(found)}: every time is one time of day: dates, without the time",
        "steps of one day have no order, and windows under a day mean nothing: load times",
    )


def _names(found: Sequence[File]) -> str:
    return listed([str(row["source_file"]) for row in found], 2)


def _clocks(found: Sequence[File]) -> Iterator[Check]:
    received = sum(row["received"] for row in found)
    if not received:
        return
    ahead = sum(row["ahead"] for row in found)
    if not ahead:
        yield Check("clocks", "ok", "no event occurred over a minute after it was received")
        return
    worst = max(found, key=lambda row: int(row["ahead_us"]))
    told = (
        f"{count(ahead, 'event')} ({share(ahead, received)}) occurred over a minute after being"
        f" received, by up to {_length(worst['ahead_us'])} ({worst['source_file']})"
    )
    if ahead < _MANY_AHEAD * received:
        yield Check("clocks", "ok", told)
    else:
        hint = "clocks of devices; `quality: {clock_skew: {over: 1 hour, then: reject}}` limits it"
        yield Check("clocks", "warn", told, hint)


def _length(us: int) -> str:
    for unit, size in (("day", 86_400), ("hour", 3_600), ("minute", 60)):
        if us >= size * 1_000_000:
            return count(us // (size * 1_000_000), unit)
    return count(us // 1_000_000, "second")


def log(con: "duckdb.DuckDBPyConnection", variables: Mapping[str, Any]) -> Iterator[Check]:
    """When the log is quiet, whether it knows summer time, and whether a stray event ends it.

    One scan of fct_events into hours; everything else reads those.
    """
    if not meta.has_table(con, "main", "fct_events"):
        return
    hours = (root("sql") / "doctor_hours.sql").read_text("utf-8")
    con.execute(f"create or replace temp table doctor_hours as {hours}")
    ((rows, last),) = con.execute(
        "select coalesce(sum(rows), 0)::bigint, strftime(max(last_at), '%Y-%m-%d %H:%M')"
        " from doctor_hours"
    ).fetchall()
    if not rows:
        return
    zone = str(variables.get("timezone") or "UTC")
    yield from _quiet_hours(con, rows, zone)
    yield from _summer_time(con, zone)
    yield from _end(con, last, variables.get("observed_until"))


def _quiet_hours(con: "duckdb.DuckDBPyConnection", rows: int, zone: str) -> Iterator[Check]:
    (found,) = query(con, "doctor_quiet_hours", timezone=zone)
    if rows < _MIN_EVENTS or found["days"] < _MIN_DAYS or found["share"] >= _QUIET:
        return
    first = int(found["first_hour"])
    quiet = f"{first}:00 to {(first + 6) % 24}:00 in {zone}"
    middle = (first + 3) % 24
    if middle not in _MIDDAY:
        yield Check("time zone", "ok", f"the quietest hours are {quiet}")
        return
    hours = (_NIGHT - middle + 12) % 24 - 12
    yield Check(
        "time zone",
        "warn",
        f"the quietest hours are {quiet}: people sleep at night",
        f"set `timezone:` to the users' (clocks about {abs(hours)} hours"
        f" {'ahead' if hours > 0 else 'behind'}), or export times in UTC",
    )


def _summer_time(con: "duckdb.DuckDBPyConnection", zone: str) -> Iterator[Check]:
    found = query(con, "doctor_summer_time", timezone=zone)
    usual = sum(row["usual"] for row in found)
    if usual < _MIN_USUAL or any(row["rows"] for row in found):
        return
    hours = listed([str(row["skipped_at"])[:16] for row in found], 2)
    yield Check(
        "times",
        "warn",
        f"no event at {hours}, the hour that {zone} skips in spring: times look like local time",
        "a time without an offset is read as UTC: export UTC, or 2026-03-29T08:00:00+02:00",
    )


def _end(con: "duckdb.DuckDBPyConnection", last: str, declared: Any) -> Iterator[Check]:
    found = query(con, "doctor_last_events")
    if declared or not found:
        yield Check("end of log", "ok", f"the last event is of {last} UTC")
        return
    (stray,) = found
    more = "it moves" if stray["rows"] == 1 else "they move"
    yield Check(
        "end of log",
        "warn",
        f"{count(stray['rows'], 'event')} of {stray['first_at']} and later, {stray['days']:,} days"
        f" after all others: {more} the end of the data, so windows count as closed",
        f"set `observed_until: {stray['before_at']}`",
    )
