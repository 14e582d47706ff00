"""A built funnel, read from the marts."""

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

from funnelkit.errors import FunnelkitError, did_you_mean
from funnelkit.project.words import at_in_words, entities, in_words, window_text
from funnelkit.results.notes import gaps, noted, nothing_counts, of_log, without_leavers
from funnelkit.results.quality import event_quality
from funnelkit.results.view import Grain, with_after
from funnelkit.stats.funnels import PeriodCounts, StepCounts, step_rows, trend_table
from funnelkit.stats.times import TimeCounts, times_table
from funnelkit.table import Table
from funnelkit.warehouse.macros import definition_hash
from funnelkit.warehouse.meta import last_build
from funnelkit.warehouse.queries import query

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection


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
    built = built_funnel(con, spec["name"])
    spec = _as_built(con, spec, built)
    meta = {
        "definition": in_words(spec),
        "definition_hash": built["definition_hash"],
        **inputs(con),
    }
    at = "entry" if by is None else _breakdown(spec, by)["at"]
    name = spec["name"]
    options: dict[str, Any] = {"entities": entities(spec), "window": window_text(spec)}
    if times:
        rows = query(con, "funnel_times", funnel=name)
        table = times_table([TimeCounts(**row) for row in rows], meta=meta)
    elif trend:
        found = periods(con, name, trend)
        table = trend_table(found, meta=meta, **options)
        table = noted(table, gaps([each.period for each in found], trend))
    else:
        values = [] if by is None else with_after(steps(con, name, by), spec, at)
        table = noted(
            step_rows(steps(con, name, None) + values, meta=meta, **options), at_in_words(at)
        )
    table = noted(table, nothing_counts(meta))
    return noted(without_leavers(table, spec, lambda: leavers(con, name)), *of_log(meta))


def leavers(con: "DuckDBPyConnection", name: str) -> int:
    """Entities that exclusions took out of a built funnel."""
    return int(query(con, "funnel_leavers", funnel=name)[0]["entities"])


def with_entry(spec: Mapping[str, Any], entry: str | None) -> Mapping[str, Any]:
    """The spec under another entry rule; raises FunnelkitError for one that can have none."""
    if entry is None:
        return spec
    if spec["count"] == "entries":
        raise FunnelkitError(
            f"--entry {entry}: funnel {spec['name']!r} counts entries, every one is an attempt",
            "leave it out",
        )
    return {**spec, "entry": entry}


def built_funnel(con: "DuckDBPyConnection", name: str) -> dict[str, Any]:
    """The funnel's row of dim_funnels; raises FunnelkitError when it was not built."""
    rows = query(con, "funnels")
    for row in rows:
        if row["funnel"] == name:
            return row
    known = ", ".join(str(row["funnel"]) for row in rows)
    raise FunnelkitError(
        f"funnel {name!r} was not built yet; built: {known or 'none'}", "run `funnelkit build`"
    )


# Options that a stored definition leaves out where they are at their default.
_DEFAULTS: Mapping[str, Any] = {
    "count": "entities",
    "anchor_first": False,
    "step_window_us": None,
    "hold": [],
    "row_reuse": False,
    "strict_increase": False,
    "exclude": [],
}


def _as_built(
    con: "DuckDBPyConnection", spec: Mapping[str, Any], built: Mapping[str, Any]
) -> Mapping[str, Any]:
    """The rules that the numbers follow: those built, where the definitions changed since."""
    if definition_hash(spec) == built["definition_hash"]:
        return spec
    rules = json.loads(built["definition"])
    names = [row["step_name"] for row in query(con, "funnel_step_names", funnel=spec["name"])]
    if rules["order"] == "any":  # there the marts' steps are numbers of steps done
        names = ["|".join(step["events"]) for step in rules["steps"]]
    steps = [
        {"optional": False, **step, "no": number, "name": name}
        for number, (name, step) in enumerate(zip(names, rules["steps"], strict=True), start=1)
    ]
    exclude = [
        {**each, "no": number} for number, each in enumerate(rules.get("exclude", []), start=1)
    ]
    return {**spec, **_DEFAULTS, **rules, "steps": steps, "exclude": exclude}


def steps(con: "DuckDBPyConnection", name: str, breakdown: str | None) -> list[StepCounts]:
    """A built funnel's counts: the total's, or those of each value of a breakdown."""
    rows = query(con, "funnel_steps", funnel=name, breakdown=breakdown)
    return [StepCounts(**row) for row in rows]


def periods(con: "DuckDBPyConnection", name: str, grain: Grain) -> list[PeriodCounts]:
    """A built funnel's counts by cohort of first entry."""
    rows = query(con, "funnel_trend", funnel=name, grain=grain)
    return [PeriodCounts(row.pop("period"), StepCounts(**row)) for row in rows]


def _breakdown(spec: Mapping[str, Any], by: str) -> Mapping[str, Any]:
    for each in spec["breakdowns"]:
        if each["name"] == by:
            return cast(Mapping[str, Any], each)
    known = [each["name"] for each in spec["breakdowns"]]
    near = did_you_mean(by, known)
    raise FunnelkitError(
        f"funnel {spec['name']!r} has no breakdown {by!r}",
        f"{near or 'it has none'}; to add one: `breakdowns: [{by}]`, then `funnelkit build`",
    )


def inputs(con: "DuckDBPyConnection") -> dict[str, Any]:
    """What stands in each meta of a built warehouse: the log's span and its counted rows.

    `as_of` as the definitions of the last build have it; None without, and after a plain `dbt`.
    """
    window = query(con, "log_window")[0]
    build = last_build(con)
    as_of = json.loads(build.definitions).get("as_of") if build else None
    return {**window, "as_of": as_of, **event_quality(con)}
