"""A funnel's complete definition in plain sentences."""

from collections.abc import Mapping, Sequence
from typing import Any

from funnelkit.project.durations import format_duration

_ENTITIES = {"user_id": "users", "account_id": "accounts", "session_id": "sessions"}


def entities(spec: Mapping[str, Any]) -> str:
    """The plural of what a funnel counts: `users`, `values of <column>`, `attempts of users`."""
    those = whose(spec)
    return f"attempts of {those}" if spec["count"] == "entries" else those


def window_text(spec: Mapping[str, Any]) -> str | None:
    """A funnel's window in words, `14 days`; None without one."""
    us = spec["window_us"]
    return None if us is None else format_duration(us)


def at_in_words(at: str) -> str | None:
    """What a breakdown whose values are taken at a place cannot tell; None where it can all.

    `at`: entry, first, last, or a step's name.
    """
    if at == "entry":
        return None
    if at in ("first", "last"):
        return f"Counts only: whose value is what at {at} depends on how far they got."
    return f"Values as they were at {at}: conversions of later steps only."


def in_words(spec: Mapping[str, Any]) -> list[str]:
    """What a funnel counts, one plain sentence per rule, from its complete spec.

    In this order: entity, each step, exclusions, held properties, entry, order, optional steps,
    ties, windows, maturity, conversion, open and lost, breakdowns; what a funnel lacks is left out.
    """
    return [
        f"Counts {entities(spec)} ({spec['entity']}).",
        *(_step(step) for step in spec["steps"]),
        *_exclusions(spec),
        *_hold(spec),
        _entry(spec),
        _order(spec),
        *_optional(spec),
        *_ties(spec),
        *(_no_window(spec) if spec["window_us"] is None else _window(spec)),
        *_breakdowns(spec),
    ]


def whose(spec: Mapping[str, Any]) -> str:
    """The plural of an `entity`: `users`, `accounts`, `sessions`, `values of <column>`."""
    return _ENTITIES.get(spec["entity"], f"values of {spec['entity']}")


def _step(step: Mapping[str, Any]) -> str:
    optional = " (optional)" if step["optional"] else ""
    return f"Step {step['no']}, {step['name']}{optional}: {events_text(step)}."


def _exclusions(spec: Mapping[str, Any]) -> list[str]:
    names = {step["no"]: step["name"] for step in spec["steps"]}
    sentences = []
    for each in spec["exclude"]:
        effect = "what it reached before counts (scope: attempt)"
        if each["scope"] == "entity":
            effect = f"{whose(spec)} that get less far by it leave the funnel (scope: entity)"
        between = f"between {names[each['from']]} and {names[each['to']]}"
        sentences.append(f"Exclusion: {events_text(each)} {between} ends the attempt; {effect}.")
    return sentences


def _hold(spec: Mapping[str, Any]) -> list[str]:
    if not spec["hold"]:
        return []
    sentence = (
        f"Held: all events of an attempt have the same {both(spec['hold'])}; an event without it "
        "fills no step"
    )
    if spec["exclude"]:
        sentence += ", and an exclusion ends only attempts with its own"
    return [sentence + "."]


def _entry(spec: Mapping[str, Any]) -> str:
    starts = "event of a step" if _unanchored(spec) else spec["steps"][0]["name"]
    if spec["count"] == "entries":
        return (
            f"Entry: every {starts} in the date range starts an attempt of its own "
            "(count: entries); a later event counts for the latest attempt that it can extend."
        )
    if spec["entry"] == "best":
        return (
            f"Entry: any {starts} in the date range may start the attempt (best); of several "
            "attempts the deepest counts, and cohort, breakdowns and the time-to-convert curve "
            "still follow the first entry. Date ranges of unequal length do not compare."
        )
    if spec["hold"]:
        return (
            f"Entry: only the first {starts} in the date range for each {both(spec['hold'])} "
            "starts an attempt (first); of several attempts the deepest counts, and cohort, "
            "breakdowns and the time-to-convert curve follow the first entry of all."
        )
    return (
        f"Entry: only the first {starts} in the date range starts an attempt (first): one attempt "
        f"each, and {whose(spec)} that begin again are not counted again."
    )


def _unanchored(spec: Mapping[str, Any]) -> bool:
    return bool(spec["order"] == "any" and not spec["anchor_first"])


def _order(spec: Mapping[str, Any]) -> str:
    if spec["order"] == "any":
        anchor = " after the entry" if spec["anchor_first"] else ""
        return (
            f"Steps count in any order{anchor} (any): step 2 is reached with two different steps, "
            "and so on; an event counts for every step that it matches."
        )
    if spec["order"] == "strict":
        return (
            "Each step is the very next event after the step before (strict): any other event in "
            "between ends the attempt, and one event fills one step."
        )
    reuse = spec["row_reuse"] and not spec["strict_increase"]  # one event is not after itself
    fills = "may fill several steps (row_reuse)" if reuse else "fills one step"
    return f"Steps count in this order; other events may lie between, and one event {fills}."


def _optional(spec: Mapping[str, Any]) -> list[str]:
    names = [step["name"] for step in spec["steps"] if step["optional"]]
    if not names:
        return []
    within = "" if spec["window_us"] is None else " within the window"
    return [
        f"Optional: {both(names)} may be left out; done with an event between the events of the "
        f"steps around it, or after the last step reached{within}."
    ]


def _ties(spec: Mapping[str, Any]) -> list[str]:
    if spec["order"] == "any":
        return []
    if spec["strict_increase"]:
        first = (
            "Events at the same instant do not follow one another (strict_increase): each step "
            "comes later than the step before."
        )
    else:
        first = "Events at the same instant count in the order of the steps."
    if spec["order"] == "strict":
        return [first, "Events of no step come last in their instant."]
    if spec["exclude"]:
        return [first, "Exclusions that are no step come last in their instant."]
    return [first]


def _no_window(spec: Mapping[str, Any]) -> list[str]:
    may = "steps" if spec["order"] == "any" else spec["steps"][-1]["name"]
    reach = f"Conversion: {_counted(spec)} that reach a step, of all that entered"
    return [
        f"No window: {may} may follow at any time, so nothing is open, lost or mature.",
        reach + _clustered(spec),
    ]


def _window(spec: Mapping[str, Any]) -> list[str]:
    length = format_duration(spec["window_us"])
    several = spec["count"] == "entities" and (spec["entry"] == "best" or spec["hold"])
    whose = "an entry" if several else "the entry"
    reach = f"Conversion: {_counted(spec)} that reach a step from a mature entry, of those with a"
    return [
        *_lengths(spec),
        f"Mature: {whose} plus {length} is not after the end of the data (observed_until), "
        "whatever happened in between.",
        f"{reach} mature entry{_clustered(spec)}",
        _open(spec, "the window of some entry" if several else "the window"),
    ]


def _lengths(spec: Mapping[str, Any]) -> list[str]:
    """The window, the step window, or both; a window that only sums up the latter is no rule."""
    last = "a step" if spec["order"] == "any" else spec["steps"][-1]["name"]
    longest, step = spec["window_us"], spec["step_window_us"]
    inclusive = "inclusive, in elapsed time"
    if step is None:
        return [
            f"Window: {last} comes at most {format_duration(longest)} after the entry, {inclusive}."
        ]
    whole = f"{last} at most {format_duration(longest)} after the entry"
    required = sum(not each["optional"] for each in spec["steps"])
    if longest == step * (required - 1):
        whole = f"so {whole}"
    which = "each required step" if required < len(spec["steps"]) else "each step"
    before = "the required one before" if required < len(spec["steps"]) else "the one before"
    each = f"{which} comes at most {format_duration(step)} after {before}"
    return [f"Windows: {each}, {whole}, {inclusive}."]


def _open(spec: Mapping[str, Any], going: str) -> str:
    ends = spec["step_window_us"] or spec["exclude"] or spec["order"] == "strict"
    if not ends and spec["count"] == "entities":
        return (
            f"Open: stopped before a step, while {going} goes on after the end of the data; "
            "lost: stopped before it, and no window is left in which to get there."
        )
    return (
        "Open: stopped before a step that events after the end of the data could still bring; "
        "lost: stopped before it, and nothing can bring it any more."
    )


def _counted(spec: Mapping[str, Any]) -> str:
    return "attempts" if spec["count"] == "entries" else whose(spec)


def _clustered(spec: Mapping[str, Any]) -> str:
    if spec["count"] == "entities":
        return "."
    return f"; the intervals allow for several attempts of the same {whose(spec)}."


def _breakdowns(spec: Mapping[str, Any]) -> list[str]:
    sentences = []
    names = ", ".join(each["name"] for each in spec["breakdowns"] if each["at"] == "entry")
    if names:
        when = "the first entry in the date range"
        if spec["count"] == "entries":
            when = "the attempt's entry"
        sentences.append(f"Broken down by {names}, each as it was at {when}.")
    for each in spec["breakdowns"]:
        name, at = each["property"], each["at"]
        if at in ("first", "last"):
            sentences.append(
                f"Broken down by {name} of the entity's {at} event of any step that has one; "
                "counts only."
            )
        elif at != "entry":
            sentences.append(
                f"Broken down by {name} of the event that filled {at}, (not reached) without one; "
                "conversions of later steps only."
            )
    return sentences


def events_text(part: Mapping[str, Any]) -> str:
    """Which events: `event shared or sent where recipients > 0`, from `events` and `where`."""
    where = f" where {flat(part['where'])}" if part["where"] else ""
    return f"event {either(part['events'])}{where}"


def either(names: Sequence[str]) -> str:
    """`a, b or c`."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} or {names[-1]}"


def both(names: Sequence[str]) -> str:
    """`a, b and c`."""
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def flat(text: str) -> str:
    """The text on one line."""
    return " ".join(text.split())
