"""Where journeys stopped: the proof rows of one, why it ended there, and what they did next."""

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import groupby
from typing import Any, NamedTuple

from funnelkit.stats.funnels import in_words, many
from funnelkit.stats.proportions import wilson
from funnelkit.table import Column, Table, Value, duration

NEXT_COLUMNS = (
    Column("funnel"),
    Column("step"),
    Column("event"),
    Column("entities", "count"),
    Column("share", "share"),
    Column("share_lo", "share"),
    Column("share_hi", "share"),
)
EXPLAIN_COLUMNS = (
    Column("at", "date"),
    Column("event"),
    Column("event_id"),
    Column("step", "count"),
    Column("step_name"),
    Column("from_entry_seconds", "seconds"),
    Column("from_previous_seconds", "seconds"),
    Column("note"),
)
NOTHING_MORE = "(nothing more)"
_EPOCH = dt.datetime(1970, 1, 1)
_MOST_NOTES = 20


class Next(NamedTuple):
    """Entities that stopped after a step (its name) and then had this event; None: nothing more.

    `stopped`: all who stopped there, the same in each row of a step.
    """

    funnel: str
    step: str
    event: str | None
    entities: int
    stopped: int


class ProofRow(NamedTuple):
    """One event of an entity; `step` is the number of the step it filled in a reported chain.

    `us`: microseconds since 1970, UTC. Times from the chain's entry and from its row before, in
    microseconds; None for rows that filled no step.
    """

    us: int
    event: str
    event_id: str | None = None
    step: int | None = None
    step_name: str | None = None
    from_entry_us: int | None = None
    from_previous_us: int | None = None
    note: str = ""


def next_table(
    rows: Sequence[Next],
    *,
    entities: str = "entities",
    window: str | None = None,
    meta: Mapping[str, Any] | None = None,
) -> Table:
    """What they did instead: the events that followed for who stopped after a step, most first.

    Steps in the given order. `share` is of all who stopped there, with 95 % Wilson limits; shares
    add up to more than 1 when an entity stands in several rows. `window` is its length in words:
    what came after it is not looked at.
    """
    columns = (*NEXT_COLUMNS[:3], replace(NEXT_COLUMNS[3], label=entities), *NEXT_COLUMNS[4:])
    groups = [
        sorted(group, key=lambda each: (-each.entities, each.event or ""))
        for _, group in groupby(rows, key=lambda each: each[:2])
    ]
    return Table(
        columns=columns,
        rows=tuple(_next_row(each) for group in groups for each in group),
        meta=meta or {},
        headline="\n".join(_next_headline(group, entities, window) for group in groups)
        or f"No {entities} stopped there.",
        notes=_next_notes(entities, window),
    )


def _next_row(each: Next) -> tuple[Value, ...]:
    event = NOTHING_MORE if each.event is None else each.event
    return (each.funnel, each.step, event, each.entities, *wilson(each.entities, each.stopped))


def _next_notes(entities: str, window: str | None) -> tuple[str, ...]:
    if window is None:
        return ("The very next event, whenever it came.",)
    return (
        f"The very next event within the window ({window} from the entry); what came later is not "
        f"looked at, and {entities} that are still open are left out.",
    )


def _next_headline(group: Sequence[Next], entities: str, window: str | None) -> str:
    first = group[0]
    if first.stopped == 0:
        return f"No {entities} stopped after {first.step}."
    told = f"Of {many(first.stopped, entities)} that stopped after {first.step}"
    until = "" if window is None else " before the window closed"
    done = next((each for each in group if each.event is not None), None)
    idle = next((each.entities for each in group if each.event is None), 0)
    if done is None:
        return f"{told}, none did anything more{until}."
    rate = in_words(wilson(done.entities, done.stopped))
    rest = f"; {idle:,} did nothing more{until}" if idle else ""
    return f"{told}, {done.event} came next most often: {done.entities:,} ({rate}){rest}."


def explain_table(
    rows: Sequence[ProofRow],
    journeys: Sequence[Mapping[str, Any]],
    spec: Mapping[str, Any],
    *,
    meta: Mapping[str, Any] | None = None,
) -> Table:
    """An entity's events in their order, the step each filled, and why its journey stopped.

    `journeys` as in `why_stopped`, which may name what ended one under `event`. One journey is the
    headline; of several (every entry counts) the headline counts how they ended and the notes tell
    each, the first 20.
    """
    told = [why_stopped(each, spec, each.get("event")) for each in journeys]
    return Table(
        columns=EXPLAIN_COLUMNS,
        rows=tuple(_proof_row(each) for each in rows),
        meta=meta or {},
        headline=told[0] if len(told) == 1 else _attempts_headline(journeys),
        notes=() if len(told) == 1 else _attempts_notes(journeys, told),
    )


def _proof_row(each: ProofRow) -> tuple[Value, ...]:
    times = (each.from_entry_us, each.from_previous_us)
    seconds = (None if us is None else us / 1e6 for us in times)
    return (utc(each.us), each.event, each.event_id, each.step, each.step_name, *seconds, each.note)


def _attempts_headline(journeys: Sequence[Mapping[str, Any]]) -> str:
    if not journeys:
        return "No entry."
    ended = Counter(str(each["reason"]) for each in journeys)
    counted = ", ".join(f"{reason} {count:,}" for reason, count in ended.most_common())
    return f"{len(journeys):,} entries: {counted}."


def _attempts_notes(journeys: Sequence[Mapping[str, Any]], told: Sequence[str]) -> tuple[str, ...]:
    notes = [
        f"Entry {utc(journey['entry_us'])}: {sentence}"
        for journey, sentence in zip(journeys, told, strict=True)
    ]
    more = len(notes) - _MOST_NOTES
    return (*notes[:_MOST_NOTES], *([f"… and {more:,} more entries."] if more > 0 else []))


def why_stopped(
    journey: Mapping[str, Any], spec: Mapping[str, Any], event: str | None = None
) -> str:
    """Why a journey ended where it did, in a sentence.

    `journey` has `reason`, `stopped_us` (when its window closed or closes, or what ended it came;
    None if nothing did), `level` (number of the deepest required step; of an `any` order, how many
    distinct steps), `entry_us`, `last_us`. `event` names what excluded or interrupted it. Reason
    `left` (an exclusion of the whole entity) needs nothing else. Raises KeyError for other reasons.
    """
    reason = journey["reason"]
    if reason == "left":
        return "Not counted: an exclusion of scope entity takes it out of the funnel altogether."
    if reason == "converted":
        return f"Converted in {duration((journey['last_us'] - journey['entry_us']) / 1e6)}."
    stopped_us = journey["stopped_us"]
    at = "" if stopped_us is None else f" at {utc(stopped_us)}"
    where = _where(journey["level"], spec)
    if reason == "open":
        until = "" if stopped_us is None else f" until {utc(stopped_us)}"
        return f"Still open{until}, {where} so far."
    by, came = f" by {event}" if event else "", f" ({event})" if event else ""
    ends = {
        "window closed": f"its window closed{at}",
        "step window closed": f"the step window closed{at}",
        "excluded": f"excluded{by}{at}",
        "interrupted": f"another event{came} came first{at}",
        "not reached": f"{_missing(journey['level'], spec)} came, and no window closed",
    }
    return f"Stopped {where}: {ends[reason]}."


def _where(level: int, spec: Mapping[str, Any]) -> str:
    steps = spec["steps"]
    if spec["order"] == "any":
        return f"with {level} of {len(steps)} steps"
    return f"after {steps[level - 1]['name']}"


def _missing(level: int, spec: Mapping[str, Any]) -> str:
    """What was waited for: `no shared`."""
    if spec["order"] == "any":
        return "no other step"
    later = (step for step in spec["steps"][level:] if not step.get("optional"))
    return f"no {next(later)['name']}"


def utc(us: int) -> str:
    """Microseconds since 1970 as ISO 8601: `2026-01-15T08:00:00Z`."""
    return f"{(_EPOCH + dt.timedelta(microseconds=us)).isoformat()}Z"
