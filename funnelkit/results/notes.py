"""What stands beside a table: of whom it is, who is left out, what has no conversion."""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from funnelkit.project.durations import format_duration
from funnelkit.project.words import entities
from funnelkit.results.view import Bounds
from funnelkit.stats.funnels import many
from funnelkit.table import Table

_DAY = dt.timedelta(days=1)


def without_leavers(table: Table, spec: Mapping[str, Any], count: Callable[[], int]) -> Table:
    """The table; where exclusions take whole entities out, with their number."""
    if not may_leave(spec):
        return table
    left = count()
    told = replace(table, meta={**table.meta, "excluded_entities": left})
    return noted(told, leavers_in_words(spec, left) if left else "")


def may_leave(spec: Mapping[str, Any]) -> bool:
    """Whether an exclusion takes whole entities out."""
    return any(each["scope"] == "entity" for each in spec["exclude"])


def leavers_in_words(spec: Mapping[str, Any], left: int, fewest: int = 1) -> str:
    """How many exclusions took out, in a sentence; that they are fewer than `fewest`, if some."""
    who = entities(spec)
    told = f"fewer than {fewest} {who}" if 0 < left < fewest else many(left, who)
    return f"Excluded: {told} left the funnel (scope: entity)."


def restricted(table: Table, bounds: Bounds) -> Table:
    """The table, with the sentences that say of whom it is in its notes and its meta."""
    words = bounds.in_words()
    if not words:
        return table
    return replace(table, meta={**table.meta, "restricted_to": words}, notes=(*table.notes, *words))


def noted(table: Table, *notes: str | None) -> Table:
    """The table with these notes behind its own; empty ones are none."""
    return replace(table, notes=(*table.notes, *filter(None, notes)))


def rules(spec: Mapping[str, Any]) -> str:
    """The rules that are not what they are without a word, in one line; empty if all are."""
    names = {step["no"]: step["name"] for step in spec["steps"]}
    optional = [step["name"] for step in spec["steps"] if step["optional"]]
    order = f"{spec['order']} order" if spec["order"] != "ordered" else ""
    told = [
        f"{order} after the first step" if spec["anchor_first"] else order,
        f"each step within {format_duration(spec['step_window_us'])}"
        if spec["step_window_us"]
        else "",
        "every entry counts" if spec["count"] == "entries" else "",
        "entry best" if spec["count"] == "entities" and spec["entry"] == "best" else "",
        f"held: {', '.join(spec['hold'])}" if spec["hold"] else "",
        f"optional: {', '.join(optional)}" if optional else "",
        "one event may fill several steps" if spec["row_reuse"] else "",
        "simultaneous events do not count" if spec["strict_increase"] else "",
        *(f"excluded: {_exclusion(each, names)}" for each in spec["exclude"]),
    ]
    return f"Rules: {'; '.join(filter(None, told))}." if any(told) else ""


def _exclusion(each: Mapping[str, Any], names: Mapping[int, str]) -> str:
    where = f" where {' '.join(each['where'].split())}" if each["where"] else ""
    whole = (each["from"], each["to"]) == (min(names), max(names))
    between = "" if whole else f" from {names[each['from']]} to {names[each['to']]}"
    scope = "" if each["scope"] == "attempt" else f" (scope: {each['scope']})"
    return f"{'|'.join(each['events'])}{between}{where}{scope}"


def left_out(meta: Mapping[str, Any]) -> str:
    """How many events rules of the project took out, in a sentence; empty without any."""
    taken = {rule: rows for rule, rows in meta.get("excluded", {}).items() if rows}
    if not taken:
        return ""
    rules = ", ".join(f"{rule} {rows:,}" for rule, rows in taken.items())
    return f"Left out by rules: {many(sum(taken.values()), 'events')} ({rules})."


def as_of(meta: Mapping[str, Any]) -> str:
    """Up to when rows count, in a sentence; empty where all do."""
    at = meta.get("as_of")
    return f"As of {at}: later rows do not count." if at else ""


def of_log(meta: Mapping[str, Any]) -> tuple[str, ...]:
    """What the rules of the log, not those of the funnel, did to a number: a sentence each."""
    return as_of(meta), left_out(meta)


def nothing_counts(meta: Mapping[str, Any]) -> str:
    """Why no event of a log that has some counts, in a sentence; empty where some do."""
    if meta.get("events", 1):
        return ""
    late, taken = meta.get("late", 0), sum(meta.get("excluded", {}).values())
    refused = sum(meta.get("rejected", {}).values())
    told = [
        f"{late:,} late (received after `as_of`)" if late else "",
        f"{taken:,} left out by rules (`quality: exclude`)" if taken else "",
        f"{refused:,} rejected" if refused else "",
    ]
    return f"No event counts: {', '.join(filter(None, told))}." if any(told) else ""


def span_of_nobody(meta: Mapping[str, Any], bounds: Bounds) -> str:
    """What the log spans, where nobody entered: of a range that missed it, or of an empty log."""
    first, last = meta.get("first_event"), meta.get("last_event")
    if first is None or last is None:
        return nothing_counts(meta) or "The log has no event."
    span = f"the log has events from {first} to {last}"
    if bounds.is_everybody:
        return f"{span[0].upper()}{span[1:]}."
    return f"No entry fits what was asked for; {span}."


def gaps(periods: Sequence[str], grain: str) -> str:
    """How many periods lie between these, which have no entry and thus no row."""
    found = sorted({dt.date.fromisoformat(period) for period in periods})
    missing, at = 0, found[0] if found else None
    known = set(found)
    while at is not None and at < found[-1]:
        at = _next_period(at, grain)
        missing += at not in known
    if not missing:
        return ""
    many = f"1 {grain} has" if missing == 1 else f"{missing:,} {grain}s have"
    return f"Left out: {many} no entry."


def _next_period(day: dt.date, grain: str) -> dt.date:
    if grain == "month":
        return (day.replace(day=28) + 4 * _DAY).replace(day=1)
    return day + (_DAY if grain == "day" else 7 * _DAY)
