"""A funnel over any log, without a project: the package's own macros on the files themselves."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from funnelkit.errors import FunnelkitError
from funnelkit.warehouse.connect import lock, memory
from funnelkit.warehouse.explore_log import Question, View, create_events
from funnelkit.warehouse.files import find
from funnelkit.warehouse.journeys import (
    check_conditions,
    create_journeys,
    keep_segment,
    matches,
    table,
)
from funnelkit.warehouse.macros import render
from funnelkit.warehouse.queries import readable_errors
from funnelkit.warehouse.sources import damaged
from funnelkit.warehouse.stream import can_stream, stream_journeys

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


@contextmanager
def journeys(question: Question) -> Iterator[tuple["DuckDBPyConnection", "Log"]]:
    """A database in memory with the kernel's tables for the question, and what was read.

    Tables: fk_entities (entity_id, entity_key) and those of `create_journeys`; with `events` also
    fk_accepted (the log) and fk_profile (the entry's row).
    """
    paths = find(question.files)
    con = memory()
    try:
        check_conditions(con, question.asked)
        view = create_events(con, question, paths)
        lock(con, paths)  # before any of the caller's SQL runs
        with readable_errors(con, "fk_log"), _readable_files(paths):
            log = _log(con, paths, view)
            repeated = view.repeated is not None and bool(con.execute(view.repeated).fetchall())
            usable = view.usable(bool(log.rejected), repeated)
            con.execute(f"create temp view fk_usable as {usable}")
            _create_tables(con, question, log)
            yield con, log
    finally:
        con.close()


@contextmanager
def _readable_files(paths: Sequence[Path]) -> Iterator[None]:
    try:
        yield
    except Exception as error:
        told = damaged(error, paths)
        if told is None:
            raise
        raise told from None


@dataclass(frozen=True)
class Log:
    """What was read: file names, rows, rejected rows by reason, and the span of accepted events."""

    files: tuple[str, ...]
    rows: int
    rejected: Mapping[str, int]
    first_event_at: str | None
    last_event_at: str | None
    observed_us: int


def _log(con: "DuckDBPyConnection", paths: Sequence[Path], view: View) -> Log:
    accepted, reasons = _clean(con, view) or _sifted(con)
    first, last, observed = accepted[1:]
    rejected = dict(reasons)
    if view.rejects:
        rejected["line cannot be parsed"] = len(view.rejects)
    return Log(
        files=tuple(path.name for path in paths),
        rows=accepted[0] + sum(rejected.values()),
        rejected=rejected,
        first_event_at=_iso(first),
        last_event_at=_iso(last),
        observed_us=observed or 0,
    )


_Span = tuple[int, Any, Any, int | None]  # rows, first and last time, last in microseconds


def _span(occurred: str) -> str:
    last = f"max({occurred})"
    return f"count(*), min({occurred}), {last}, {render('epoch_us', last)}"


def _clean(con: "DuckDBPyConnection", view: View) -> tuple[_Span, dict[str, int]] | None:
    """The log's span where no row is rejected; from a file's statistics, not from its rows."""
    if view.suspects is None:
        return None
    if con.execute(f"select 1 from fk_log where {view.suspects} limit 1").fetchall():
        return None
    return con.execute(f"select {_span(view.occurred)} from fk_log").fetchall()[0], {}


def _sifted(con: "DuckDBPyConnection") -> tuple[_Span, dict[str, int]]:
    found = con.execute(
        f"select fk_reject_reason as reason, {_span('occurred_at')}"
        " from fk_events group by reason order by reason"
    ).fetchall()
    accepted = [row[1:] for row in found if row[0] is None]
    reasons = {row[0]: row[1] for row in found if row[0] is not None}
    if reasons and not accepted:
        raise _nothing_usable(con, sum(reasons.values()), reasons)
    return accepted[0] if accepted else (0, None, None, None), reasons


def _nothing_usable(
    con: "DuckDBPyConnection", rows: int, reasons: Mapping[str, int]
) -> FunnelkitError:
    found = con.execute("select fk_time_text from fk_events limit 1").fetchall()
    told = "; ".join(f"{reason}: {count:,}" for reason, count in reasons.items())
    return FunnelkitError(
        f"none of {rows:,} rows can be used ({told}); occurred_at is {found[0][0]!r}",
        "name the columns, --map occurred_at=COLUMN, or the format of times, "
        "--time-format '%m/%d/%Y %H:%M'",
    )


def _iso(moment: Any) -> str | None:
    # Past the year 9999, which Python does not know, DuckDB gives text.
    return None if moment is None else f"{str(moment).replace(' ', 'T')}Z"


def _create_tables(con: "DuckDBPyConnection", question: Question, log: "Log") -> None:
    asked = question.asked
    condition = f"where (\n{question.where}\n)" if question.where is not None else ""
    if question.needs_events:
        _number_events(con, condition)
    else:
        con.execute(f"create temp view fk_accepted as select * from fk_usable {condition}")
        if question.engine == "array" and can_stream(asked, log.observed_us):
            stream_journeys(con, asked, log.observed_us, lean=question.lean)
            return
    _number_entities(con, question)
    create_journeys(con, asked, log.observed_us)
    if question.needs_events:
        _create_profile(con)
        keep_segment(con, asked)


def _number_events(con: "DuckDBPyConnection", condition: str) -> None:
    """fk_accepted, every event once: rows of one entity, instant and id (or content) are one."""
    con.execute(f"""
        create temp table fk_accepted as
        select * replace (
            row_number() over (order by occurred_at, fk_event_id, fk_entity_id) as fk_event_no)
        from (
            select * from fk_usable {condition}
            qualify row_number() over (
                partition by fk_entity_id, occurred_at, fk_event_id order by fk_event_no) = 1
        )""")


def _number_entities(con: "DuckDBPyConnection", question: Question) -> None:
    """fk_entities, of those that enter: files know ids, the kernel wants dense numbers."""
    entered = "mask <> 0" if question.spec["order"] == "any" else "mask & 1 <> 0"
    table(con, "fk_matched", matches(question.asked, "fk_entity_id"))
    table(
        con,
        "fk_entities",
        "select entity_key as entity_id, row_number() over () as entity_key"
        f" from (select distinct entity_key from fk_matched where {entered})",
    )
    con.execute(
        "create temp view fk_matches as select m.* exclude (entity_key), e.entity_key"
        " from fk_matched m inner join fk_entities e on m.entity_key = e.entity_id"
    )


def _create_profile(con: "DuckDBPyConnection") -> None:
    table(
        con,
        "fk_profile",
        "select e.p as fk_p, e.attempt as fk_attempt, a.* from fk_entered e"
        " inner join fk_accepted a on e.event_no = a.fk_event_no",
    )
