"""A funnel under each other rule that it could have had: does the choice matter?"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING, Any, NamedTuple

from funnelkit.project.durations import format_duration
from funnelkit.stats.funnels import StepCounts
from funnelkit.stats.sensitivity import Variant
from funnelkit.warehouse import answers

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

Spec = Mapping[str, Any]
Run = Callable[[Spec], AbstractContextManager["DuckDBPyConnection"]]


class Changed(NamedTuple):
    """A rule, the variant of it in words, and the whole spec with it."""

    rule: str
    variant: str
    spec: Spec


def tried(spec: Spec, run: Run) -> list[Variant]:
    """The definition's own figures, then those of every variant, with whose level differs."""
    with run(spec) as con:
        left = answers.left(con)
        found = [Variant.of(_last_step(con, spec), "as defined", "", excluded=left)]
        before = answers.entity_levels(con)
    for each in variants(spec):
        with run(each.spec) as con:
            last = _last_step(con, each.spec)
            gained, lost = answers.level_changes(con, before)
            changed = (gained + lost, gained, lost)
            found.append(Variant.of(last, each.rule, each.variant, *changed, answers.left(con)))
    return found


def _last_step(con: "DuckDBPyConnection", spec: Spec) -> StepCounts:
    return counts(answers.step_counts(con, spec))[-1]


def counts(rows: list[dict[str, Any]]) -> list[StepCounts]:
    """StepCounts of rows that may hold more columns than they have."""
    return [
        StepCounts(**{name: row[name] for name in StepCounts._fields if name in row})
        for row in rows
    ]


def variants(spec: Spec) -> Iterator[Changed]:
    """Each rule's other settings, one change at a time; what the rules refuse is left out."""
    if spec["count"] == "entities":
        other = "best" if spec["entry"] == "first" else "first"
        yield Changed("entry", other, {**spec, "entry": other})
    if spec["order"] != "any":
        increase = not spec["strict_increase"]
        words = "simultaneous events do not count" if increase else "simultaneous events count"
        yield Changed("ties", words, {**spec, "strict_increase": increase})
    if spec["order"] == "ordered":
        reuse = not spec["row_reuse"]
        words = "one event may fill several steps" if reuse else "one event fills one step"
        yield Changed("row reuse", words, {**spec, "row_reuse": reuse})
    yield from _windows(spec)
    yield from _exclusions(spec)
    yield from _orders(spec)


def _windows(spec: Spec) -> Iterator[Changed]:
    window, gap = spec["window_us"], spec["step_window_us"]
    gaps = None if gap is None else gap * (sum(not s["optional"] for s in spec["steps"]) - 1)
    if window is not None:
        for factor, us in (("half", window // 2), ("twice", window * 2)):
            yield Changed("window", f"{factor}: {format_duration(us)}", {**spec, "window_us": us})
        if gaps is None:
            yield Changed("window", "none", {**spec, "window_us": None})
        elif gaps != window:
            # A step window bounds the whole: there is no such funnel without any window.
            words = f"only that of the steps: {format_duration(gaps)}"
            yield Changed("window", words, {**spec, "window_us": gaps})
    if gap is not None:
        yield Changed("step window", "none", {**spec, "step_window_us": None})


def _exclusions(spec: Spec) -> Iterator[Changed]:
    for number, each in enumerate(spec["exclude"]):
        scope = "attempt" if each["scope"] == "entity" else "entity"
        changed = [*spec["exclude"]]
        changed[number] = {**each, "scope": scope}
        words = f"{'|'.join(each['events'])}: scope {scope}"
        yield Changed("exclude", words, {**spec, "exclude": changed})
    if spec["exclude"]:
        yield Changed("exclude", "none", {**spec, "exclude": []})


def _orders(spec: Spec) -> Iterator[Changed]:
    order = spec["order"]
    if order == "any":
        anchored = not spec["anchor_first"]
        words = "any, from its first step" if anchored else "any, from any step"
        yield Changed("order", words, {**spec, "anchor_first": anchored})
    else:
        other = "strict" if order == "ordered" else "ordered"
        if other == "ordered" or not (spec["row_reuse"] or _has_optional(spec)):
            yield Changed("order", other, {**spec, "order": other})
        if _may_be_any(spec):
            # The same entrants as before: only a row of the first step opens an attempt.
            changed = {**spec, "order": "any", "anchor_first": True}
            yield Changed("order", "any, from its first step", changed)
        return
    for other in ("ordered", "strict"):
        yield Changed("order", other, {**spec, "order": other, "anchor_first": False})


def _may_be_any(spec: Spec) -> bool:
    refused = (
        spec["step_window_us"],
        spec["exclude"],
        spec["row_reuse"],
        spec["strict_increase"],
        spec["count"] == "entries",
        _has_optional(spec),
    )
    return not any(refused)


def _has_optional(spec: Spec) -> bool:
    return any(step["optional"] for step in spec["steps"])
