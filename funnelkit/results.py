"""From counts to what is shown: one path for built funnels, `explore` and reports."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Literal

from funnelkit.errors import FunnelkitError, did_you_mean
from funnelkit.project.words import entities, in_words, window_text
from funnelkit.stats.funnels import (
    PeriodCounts,
    StepCounts,
    TimeCounts,
    step_rows,
    times_table,
    trend_table,
)
from funnelkit.table import Column, Table, Value
from funnelkit.warehouse.macros import definition_hash
from funnelkit.warehouse.queries import query

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from funnelkit.report.model import FunnelSection, ReportData
    from funnelkit.warehouse.explore import Answer

Grain = Literal["day", "week", "month"]
_FEWEST_IN_REPORTS = 5


def funnel_table(
    con: "DuckDBPyConnection",
    spec: Mapping[str, Any],
    *,
    by: str | None = None,
    trend: Grain | None = None,
    times: bool = False,
) -> Table:
    """A built funnel: step rows, with `by` the total's and then each value's; or trend; or curve.

    Raises FunnelkitError when the funnel or the breakdown was not built.
    """
    built = _built(con, spec["name"])
    spec = _as_built(con, spec, built)
    meta = _meta(con, spec, built["definition_hash"])
    options: dict[str, Any] = {
        "entities": entities(spec),
        "window": window_text(spec),
        "meta": meta,
    }
    name = spec["name"]
    if by is not None:
        _check_breakdown(spec, by)
    if times:
        rows = query(con, "funnel_times", funnel=name)
        return times_table([TimeCounts(**row) for row in rows], meta=meta)
    if trend:
        return trend_table(_periods(con, name, trend), **options)
    counts = _steps(con, name, None)
    if by is not None:
        counts += _steps(con, name, by)
    return step_rows(counts, **options)


def _built(con: "DuckDBPyConnection", name: str) -> dict[str, Any]:
    rows = query(con, "funnels")
    for row in rows:
        if row["funnel"] == name:
            return row
    known = ", ".join(str(row["funnel"]) for row in rows)
    raise FunnelkitError(
        f"funnel {name!r} was not built yet; built: {known or 'none'}", "run `funnelkit build`"
    )


def _as_built(
    con: "DuckDBPyConnection", spec: Mapping[str, Any], built: Mapping[str, Any]
) -> Mapping[str, Any]:
    """The rules that the numbers follow: those built, where the definitions changed since."""
    if definition_hash(spec) == built["definition_hash"]:
        return spec
    rules = json.loads(built["definition"])
    names = query(con, "funnel_step_names", funnel=spec["name"])
    steps = [
        {"no": row["step"], "name": row["step_name"], **step}
        for row, step in zip(names, rules["steps"], strict=True)
    ]
    return {**spec, **rules, "steps": steps}


def _steps(con: "DuckDBPyConnection", name: str, breakdown: str | None) -> list[StepCounts]:
    rows = query(con, "funnel_steps", funnel=name, breakdown=breakdown)
    return [StepCounts(**row) for row in rows]


def _periods(con: "DuckDBPyConnection", name: str, grain: Grain) -> list[PeriodCounts]:
    rows = query(con, "funnel_trend", funnel=name, grain=grain)
    return [PeriodCounts(row.pop("period"), StepCounts(**row)) for row in rows]


def merged(periods: Sequence[PeriodCounts], fewest: int) -> list[PeriodCounts]:
    """Cohorts of fewer than `fewest` entrants joined to the next one, the last to the one before.

    A joined cohort begins when its first one does, and has no times.
    """
    groups: list[list[str]] = []
    waiting: list[str] = []
    entered = {each.period: each.counts.entered for each in periods}
    for period in entered:
        waiting.append(period)
        if sum(entered[each] for each in waiting) >= fewest:
            groups.append(waiting)
            waiting = []
    if waiting and groups:
        groups[-1] += waiting
    elif waiting:
        groups.append(waiting)
    first = {period: group[0] for group in groups for period in group}
    found: dict[tuple[str, int], StepCounts] = {}
    for period, counts in periods:
        key = (first[period], counts.step)
        found[key] = _together(found[key], counts, counts.value) if key in found else counts
    return [PeriodCounts(period, found[period, step]) for period, step in sorted(found)]


def _check_breakdown(spec: Mapping[str, Any], by: str) -> None:
    known = [each["name"] for each in spec["breakdowns"]]
    if by not in known:
        near = did_you_mean(by, known)
        raise FunnelkitError(
            f"funnel {spec['name']!r} has no breakdown {by!r}",
            f"{near or 'it has none'}; to add one: `breakdowns: [{by}]`, then `funnelkit build`",
        )


def folded(counts: Sequence[StepCounts], fewest: int) -> list[StepCounts]:
    """Values with fewer than `fewest` entrants as one value `(other)`, last, without times.

    The smallest values join it until it holds `fewest` itself: subtraction must reveal nobody.
    """
    entered = {each.value: each.entered for each in counts}
    smallest_first = sorted(entered, key=lambda value: (value != "(other)", entered[value]))
    small = [value for value in smallest_first if entered[value] < fewest]
    if not small:
        return list(counts)
    others = [value for value in smallest_first if value == "(other)" or value in small]
    for value in smallest_first:
        if value not in others and sum(entered[each] for each in others) < fewest:
            others.append(value)
    together: dict[int, StepCounts] = {}
    for each in counts:
        if each.value in others:
            before = together.get(each.step)
            together[each.step] = _together(before, each) if before else _without_times(each)
    kept = [each for each in counts if each.value not in others]
    return kept + [together[step] for step in sorted(together)]


_COUNTS = ("entered", "reached", "open", "lost", "matured", "matured_reached")


def _together(one: StepCounts, other: StepCounts, value: str | None = "(other)") -> StepCounts:
    sums: dict[str, Any] = {
        name: None if getattr(one, name) is None else getattr(one, name) + getattr(other, name)
        for name in _COUNTS
    }
    return _without_times(one, value)._replace(**sums)


def _without_times(counts: StepCounts, value: str | None = "(other)") -> StepCounts:
    return counts._replace(value=value, median_us=None, p25_us=None, p75_us=None, p90_us=None)


def _meta(con: "DuckDBPyConnection", spec: Mapping[str, Any], built_hash: str) -> dict[str, Any]:
    window = query(con, "log_window")[0]
    quality = query(con, "event_quality")
    counted = {(row["kind"], row["outcome"]): 0 for row in quality}
    for row in quality:
        counted[row["kind"], row["outcome"]] += row["entries"]
    return {
        "definition": in_words(spec),
        "definition_hash": built_hash,
        **window,
        "events": counted.get(("events", "accepted"), 0),
        "duplicates": counted.get(("events", "duplicate"), 0),
        "rejected": {
            row["reason"]: row["entries"]
            for row in quality
            if row["kind"] == "events" and row["outcome"] == "rejected"
        },
    }


def explore_table(answer: "Answer", spec: Mapping[str, Any]) -> Table:
    """`explore`'s counts as funnel rows; what was read and rejected stands in the meta and notes.

    Rows: the total's steps, then those of each value of `--by`.
    """
    counts = [StepCounts(**_as_counts(row)) for row in answer.counts]
    rejected = sum(answer.rejected.values())
    table = step_rows(
        counts,
        entities=entities(spec),
        window=window_text(spec),
        meta={
            "definition": in_words(spec),
            "definition_hash": definition_hash(spec),
            "files": list(answer.files),
            "first_event": answer.first_event_at,
            "last_event": answer.last_event_at,
            "observed_until": answer.last_event_at,
            "rows": answer.rows,
            "rejected": dict(answer.rejected),
        },
    )
    notes = list(table.notes)
    for name, near in answer.unseen.items():
        notes.append(f"No event is called {name!r}" + (f": {near}" if near else "."))
    if rejected:
        notes.append(_rejected_note(answer, rejected))
    return replace(table, notes=tuple(notes))


def _rejected_note(answer: "Answer", rejected: int) -> str:
    reasons = "; ".join(f"{reason}: {count:,}" for reason, count in answer.rejected.items())
    return f"Rejected: {rejected:,} of {answer.rows:,} rows ({reasons})."


def _as_counts(row: Mapping[str, Any]) -> dict[str, Any]:
    total = row["breakdown"] == "(all)"
    whole = {"breakdown": None, "value": None} if total else {}
    kept = {name: row[name] for name in StepCounts._fields if name != "funnel"}
    return {"funnel": "explore", **kept, **whole}


def report_data(
    con: "DuckDBPyConnection",
    slug: str,
    definition: Mapping[str, Any],
    specs: Sequence[Mapping[str, Any]],
) -> "ReportData":
    """What a report shows, read from the built marts; groups below five entrants are folded.

    `definition` is the report's entry under `reports:`, `specs` the funnels it names.
    """
    from funnelkit.report.model import ReportData

    window = query(con, "log_window")[0]
    weeks = query(con, "log_weeks")
    quality = query(con, "event_quality")
    return ReportData(
        slug=slug,
        title=definition.get("title") or slug.replace("_", " ").capitalize(),
        description=definition.get("description") or "",
        sections=tuple(_section(con, spec) for spec in specs),
        quality=Table(
            (Column("reason"), Column("rows", "count")),
            tuple((_quality_words(**row), row["entries"]) for row in quality),
        ),
        first_event=window["first_event"] or "",
        last_event=window["last_event"] or "",
        observed_until=window["observed_until"] or "",
        inputs=Table(
            (
                Column("week", "date"),
                Column("events", "count"),
                Column("entities", "count"),
                Column("digest"),
            ),
            tuple(_week(**row) for row in weeks),
        ),
    )


def _quality_words(kind: str, outcome: str, reason: str, entries: int) -> str:
    if outcome == "accepted":
        return f"{kind}: accepted"
    if outcome == "kept":
        return f"{kind}: kept without a value, {reason}"
    return f"{kind}: {outcome}, {reason}"


def _week(week: str, events: int, entities: int, digest: str) -> tuple[Value, ...]:
    few = entities < _FEWEST_IN_REPORTS
    return (week, None if few else events, None if few else entities, digest)


def _section(con: "DuckDBPyConnection", spec: Mapping[str, Any]) -> "FunnelSection":
    from funnelkit.report.model import FunnelSection

    built = _built(con, spec["name"])
    name = spec["name"]
    options: dict[str, Any] = {"entities": entities(spec), "window": window_text(spec)}
    breakdowns = {
        each["name"]: step_rows(folded(_steps(con, name, each["name"]), _FEWEST_IN_REPORTS))
        for each in spec["breakdowns"]
    }
    total = _steps(con, name, None)
    if 0 < total[0].entered < _FEWEST_IN_REPORTS:
        raise FunnelkitError(
            f"funnel {name!r} has {total[0].entered} entrants: too few for a committed report",
            f"at least {_FEWEST_IN_REPORTS}, so that nobody's own journey stands in it",
        )
    rows = query(con, "funnel_times", funnel=name)
    return FunnelSection(
        name=name,
        description=spec["description"],
        words=tuple(in_words(spec)),
        definition_hash=built["definition_hash"],
        window=window_text(spec) or "",
        steps=step_rows(total, **options),
        breakdowns=breakdowns,
        trend=trend_table(merged(_periods(con, name, "week"), _FEWEST_IN_REPORTS), **options),
        times=times_table([TimeCounts(**row) for row in rows]),
    )
