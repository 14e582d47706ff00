"""A funnel's complete definition in plain sentences."""

from collections.abc import Mapping, Sequence
from typing import Any

from funnelkit.project.durations import format_duration

_ENTITIES = {"user_id": "users", "account_id": "accounts"}


def entities(spec: Mapping[str, Any]) -> str:
    """The plural of what a funnel counts: `users`, `accounts`, else `values of <column>`."""
    return _ENTITIES.get(spec["entity"], f"values of {spec['entity']}")


def window_text(spec: Mapping[str, Any]) -> str | None:
    """A funnel's window in words, `14 days`; None without one."""
    us = spec["window_us"]
    return None if us is None else _length(us)


def in_words(spec: Mapping[str, Any]) -> list[str]:
    """What a funnel counts, one plain sentence per rule, from its complete spec.

    In this order: entity, each step, entry, order, ties, window, maturity, conversion, open and
    lost, breakdowns (if any).
    """
    counted = entities(spec)
    return [
        f"Counts {counted} ({spec['entity']}).",
        *(_step(step) for step in spec["steps"]),
        _entry(spec, counted),
        "Steps count in this order; other events may lie between, and one event fills one step.",
        "Events at the same instant count in the order of the steps.",
        *_window(spec, counted),
        *_breakdowns(spec["breakdowns"]),
    ]


def _step(step: Mapping[str, Any]) -> str:
    where = f" where {_flat(step['where'])}" if step["where"] else ""
    return f"Step {step['no']}, {step['name']}: event {_or(step['events'])}{where}."


def _entry(spec: Mapping[str, Any], counted: str) -> str:
    first = spec["steps"][0]["name"]
    if spec["entry"] == "best":
        return (
            f"Entry: any {first} in the date range may start the attempt (best); of several "
            "attempts the deepest counts, and cohort, breakdowns and the time-to-convert curve "
            "still follow the first entry. Date ranges of unequal length do not compare."
        )
    return (
        f"Entry: only the first {first} in the date range starts an attempt (first): one attempt "
        f"each, and {counted} that begin again are not counted again."
    )


def _window(spec: Mapping[str, Any], counted: str) -> list[str]:
    last = spec["steps"][-1]["name"]
    if spec["window_us"] is None:
        return [
            f"No window: {last} may follow at any time, so nothing is open, lost or mature.",
            f"Conversion: {counted} that reach a step, of all that entered.",
        ]
    length = _length(spec["window_us"])
    best = spec["entry"] == "best"
    whose, going = ("an entry", "the window of some entry") if best else ("the entry", "the window")
    return [
        f"Window: {last} comes at most {length} after the entry, inclusive, in elapsed time.",
        f"Mature: {whose} plus {length} is not after the end of the data (observed_until), "
        "whatever happened in between.",
        f"Conversion: {counted} that reach a step from a mature entry, of those with a mature "
        "entry.",
        f"Open: stopped before a step, while {going} goes on after the end of the data; "
        "lost: stopped before it, and no window is left in which to get there.",
    ]


def _breakdowns(breakdowns: Sequence[Mapping[str, Any]]) -> list[str]:
    if not breakdowns:
        return []
    names = ", ".join(each["name"] for each in breakdowns)
    return [f"Broken down by {names}, each as it was at the first entry in the date range."]


def _length(us: int) -> str:
    return format_duration(us) if us % 1_000_000 == 0 else f"{us:,} microseconds"


def _or(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"


def _flat(text: str) -> str:
    return " ".join(text.split())
