"""Funnels computed again: over the built event log, and over files that no project has."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from funnelkit.errors import FunnelkitError
from funnelkit.project.durations import parse_duration
from funnelkit.project.words import entities, in_words
from funnelkit.results.asked import Answered
from funnelkit.results.built import inputs
from funnelkit.results.notes import noted, of_log, restricted, rules, without_leavers
from funnelkit.results.variants import Spec, tried
from funnelkit.results.view import Bounds, View
from funnelkit.table import Table
from funnelkit.warehouse.macros import definition_hash, funnel_specs

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from funnelkit.warehouse.journeys import Asked


def rerun(
    warehouse: Path, spec: Spec, view: View, whom: Bounds, definitions: Mapping[str, Any]
) -> Table:
    """A funnel over the built event log, in memory; the warehouse is opened read-only.

    `definitions` is the project's block. Raises FunnelkitError for what is not built or not right.
    """
    from funnelkit.warehouse.journeys import Asked, project_journeys

    properties = list(definitions.get("user_properties") or {})

    @contextmanager
    def run(changed: Spec) -> Iterator["DuckDBPyConnection"]:
        asked = Asked(changed, whom.since_us, whom.until_us, whom.where, whom.segment)
        with _told(asked, properties), project_journeys(warehouse, asked, properties) as con:
            _check_types(con, asked)
            yield con

    if view.sensitivity:
        return _sensitivity(warehouse, spec, whom, run)
    with run(spec) as con:
        observed = con.execute("select observed_us from int_observed_until").fetchall()
        meta = {**_rules(spec), **inputs(con)}
        defined = definitions["funnels"][spec["name"]].get("entry") or "first"
        changed = spec["count"] == "entities" and spec["entry"] != defined
        told = f"Rules: entry {spec['entry']}, not {defined} as defined." if changed else ""
        table = Answered(con, spec, observed[0][0] or 0, whom, meta, told).table(view)
        return noted(table, *of_log(meta))


def _told(asked: "Asked", user_properties: Sequence[str] = ()) -> AbstractContextManager[None]:
    """Errors in the caller's SQL name its option."""
    from funnelkit.warehouse.conditions import told_in

    held = [("--hold", name) for name in asked.spec["hold"]]
    return told_in([*asked.conditions(), *held], user_properties)


def _check_types(con: "DuckDBPyConnection", asked: "Asked") -> None:
    """Raises FunnelkitError for SQL of the caller that is neither true nor false."""
    from funnelkit.warehouse.conditions import check_boolean

    for place, text in asked.conditions():
        check_boolean(con, place, text, "fk_profile" if place == "--segment" else "fk_accepted")


def _sensitivity(warehouse: Path, spec: Spec, whom: Bounds, run: Any) -> Table:
    from funnelkit.stats.sensitivity import sensitivity_table
    from funnelkit.warehouse.queries import open_marts

    with open_marts(warehouse) as con:
        meta = {**_rules(spec), **inputs(con)}
    found = tried(spec, run)
    table = restricted(sensitivity_table(found, entities=entities(spec), meta=meta), whom)
    return noted(without_leavers(table, spec, lambda: found[0].excluded), *of_log(meta))


def _rules(spec: Spec) -> dict[str, Any]:
    return {"definition": in_words(spec), "definition_hash": definition_hash(spec)}


def explored_spec(definition: Mapping[str, Any]) -> Spec:
    """The complete spec of what `explore` was asked, its rules checked as a project's are.

    Raises FunnelkitError with every rule that does not go with another, by its option.
    """
    from funnelkit.project.rules import as_option, conflicts

    # An empty text is a mistake, as of an unset variable, and not the same as nothing.
    given = {key: value for key, value in definition.items() if value or value == ""}
    if any(not name.strip() for name in (given.get("entity", "-"), *given.get("hold", ()))):
        raise FunnelkitError("--entity, --hold: empty; name a column", "like --hold workspace_id")
    for key in ("window", "step_window"):
        if key in given:
            parse_duration(given[key])
    mistakes = [as_option(mistake) for mistake in conflicts(given)]
    if mistakes:
        raise FunnelkitError("\n".join(mistakes))
    (spec,) = funnel_specs({"explore": given})
    return spec


def explored(
    files: Sequence[str],
    spec: Spec,
    view: View,
    whom: Bounds,
    mapping: Mapping[str, str],
    time_format: str | None,
) -> Table:
    """A funnel over files; what was read and rejected stands in the meta and the notes."""
    from funnelkit.project.moments import time_zone
    from funnelkit.warehouse.explore import journeys
    from funnelkit.warehouse.explore_log import Question, odd_names

    time_zone(whom.timezone)
    question = Question(
        files,
        spec,
        mapping,
        where=whom.where,
        time_format=time_format,
        since_us=whom.since_us,
        until_us=whom.until_us,
        events=view.needs_profile,
        everything=view.needs_events,
        lean=view.counts_only,
    )
    with _told(question.asked), journeys(question) as (con, log):
        _check_types(con, question.asked)
        meta = {
            **_rules(spec),
            "files": list(log.files),
            "first_event": log.first_event_at,
            "last_event": log.last_event_at,
            "observed_until": log.last_event_at,
            "rows": log.rows,
            "rejected": dict(log.rejected),
        }
        table = Answered(con, spec, log.observed_us, whom, meta, rules(spec)).table(view)
        misspelled, alike = odd_names(con, spec)
    notes = [
        f"No event is called {name!r}" + (f": {near}" if near else ".")
        for name, near in misspelled.items()
    ]
    steps = {event for step in spec["steps"] for event in step["events"]}
    both = sorted({event for each in spec["exclude"] for event in each["events"]} & steps)
    notes += [f"{name!r} is the event of a step and of an exclusion." for name in both]
    if alike:
        others = ", ".join(repr(name) for name in alike)
        notes.append(f"Other events, by case or spaces in their names alone: {others}.")
    rejected = sum(log.rejected.values())
    if rejected:
        reasons = "; ".join(f"{reason}: {count:,}" for reason, count in log.rejected.items())
        notes.append(f"Rejected: {rejected:,} of {log.rows:,} rows ({reasons}).")
    return replace(table, notes=(*table.notes, *notes))
