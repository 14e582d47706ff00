"""Shipped changes read from the marts: the same number before and after, judged on one date."""

import datetime as dt
import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, cast

from funnelkit.errors import FunnelkitError
from funnelkit.jobs.shipping import Metric, Shipped, Side, shipped_table
from funnelkit.project.durations import format_duration
from funnelkit.project.moments import in_zone, parse_moment
from funnelkit.project.shipping import Change
from funnelkit.project.shipping_words import change_in_words, metric_did, metric_shown
from funnelkit.project.words import entities, whose
from funnelkit.results.aha import built_moment
from funnelkit.results.built import built_funnel, inputs
from funnelkit.results.notes import noted, nothing_counts, of_log
from funnelkit.stats.proportions import Clusters
from funnelkit.table import Table
from funnelkit.warehouse.macros import aha_hash, definition_hash, outcome_hash
from funnelkit.warehouse.queries import query

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

Part = Mapping[str, Any]


class _Built(NamedTuple):
    """What the marts know of a metric: its hash, what it counts, its window, in microseconds.

    `clock`: of an outcome. `clustered`: one entity may enter several times.
    """

    definition_hash: str
    entities: str
    window_us: int
    clock: str | None = None
    clustered: bool = False


def built_changes(
    con: "DuckDBPyConnection",
    changes: Mapping[str, Change],
    specs: Sequence[Part],
    plan: Part,
) -> Table:
    """A row a change, from the built marts. Raises FunnelkitError for a number that is not built.

    `specs` and `plan` are complete: what the macros funnel_specs and aha_plan make.
    """
    found = [read(con, name, change, specs, plan) for name, change in changes.items()]
    meta = {
        "definitions": {
            each.change: {
                "definition": change_in_words(changes[each.change]),
                "definition_hash": each.metric.definition_hash,
            }
            for each in found
        },
        **inputs(con),
    }
    return noted(shipped_table(found, meta=meta), nothing_counts(meta), *of_log(meta))


def read(
    con: "DuckDBPyConnection", name: str, change: Change, specs: Sequence[Part], plan: Part
) -> Shipped:
    """One change, as of its evaluation date or of the end of the log, whichever is first."""
    built, zone = _built(con, change, specs, plan), plan["timezone"]
    observed = con.execute("select observed_us from int_observed_until").fetchall()[0][0] or 0
    evaluate_us, weeks = _midnight(change.evaluate_on, zone), change.cohorts
    kind, metric = change.metric
    sides = query(
        con,
        "shipped",
        kind=kind,
        metric=metric,
        clock=built.clock,
        cut_us=min(evaluate_us, observed),
        shipped_us=_midnight(change.shipped_on, zone),
        before_us=_midnight(weeks.before_from, zone),
        before_until_us=_midnight(weeks.before_to + _DAY, zone),
        after_us=_midnight(weeks.after_from, zone),
        after_until_us=_midnight(weeks.after_to + _DAY, zone),
    )
    before, after = (_side(row, built.clustered) for row in sides)
    return Shipped(
        name,
        Metric(
            metric_shown(change),
            metric_did(change),
            built.entities,
            format_duration(built.window_us),
            built.definition_hash,
            change.definition_hash,
        ),
        change.shipped_on.isoformat(),
        change.evaluate_on.isoformat(),
        weeks,
        before,
        after,
        None if observed >= evaluate_us else in_zone(observed, zone)[:10],
        _late_log(con, weeks.before_from, zone),
    )


_DAY = dt.timedelta(days=1)


def _midnight(day: dt.date, zone: str) -> int:
    return parse_moment(day.isoformat(), zone, "since")


def _side(row: Part, clustered: bool) -> Side:
    clusters = Clusters(
        row["clusters"],
        row["converted"],
        row["matured"],
        *(row[key] for key in ("sum_x2", "sum_xm", "sum_m2")),
    )
    return Side(
        row["entered"],
        row["matured"],
        row["converted"],
        row["ineligible"],
        row["spanning"],
        clusters if clustered else None,
    )


def _late_log(con: "DuckDBPyConnection", since: dt.date, zone: str) -> str | None:
    """The log's first day on the project's calendar, where that is after `since`."""
    first = query(con, "log_window")[0]["first_event"]
    day = in_zone(parse_moment(first, zone, "since"), zone)[:10] if first else None
    return day if day is not None and day > since.isoformat() else None


def _built(con: "DuckDBPyConnection", change: Change, specs: Sequence[Part], plan: Part) -> _Built:
    kind, name = change.metric
    if kind == "funnel":
        row = built_funnel(con, name)
        spec = next(each for each in specs if each["name"] == name)
        clustered = spec["count"] == "entries"
        return _Built(row["definition_hash"], entities(spec), row["window_us"], clustered=clustered)
    if kind == "aha":
        moment = built_moment(con, name)
        return _Built(moment.definition_hash, moment.entities, moment.within_us)
    return _built_outcome(con, name, outcome_clock(name, change.funnel, plan))


def outcome_clock(outcome: str, funnel: str | None, plan: Part) -> Part:
    """Whose first entry starts an outcome's time: of the funnel named, else of the only one."""
    number = next(each["no"] for each in plan["outcomes"] if each["name"] == outcome)
    fitting = {pair["clock_no"] for pair in plan["pairs"] if pair["outcome_no"] == number}
    return next(
        cast(Part, clock)
        for clock in plan["clocks"]
        if clock["funnel"] and clock["no"] in fitting and funnel in (None, clock["funnel"])
    )


def declared_hash(change: Change, specs: Sequence[Part], plan: Part) -> str:
    """The hash of what a change is measured by as the definitions have it, built or not."""
    kind, name = change.metric
    if kind == "funnel":
        return definition_hash(next(each for each in specs if each["name"] == name))
    parts = plan["moments" if kind == "aha" else "outcomes"]
    number = next(each["no"] for each in parts if each["name"] == name)
    if kind == "aha":
        return aha_hash(plan, number)
    return _with_clock(outcome_hash(plan, number), outcome_clock(name, change.funnel, plan))


def _with_clock(own_hash: str, clock: Part) -> str:
    """An outcome's own hash says nothing of whose entries start its time."""
    text = json.dumps([own_hash, clock["rules"]], sort_keys=True)
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()[:12]


def _built_outcome(con: "DuckDBPyConnection", name: str, clock: Part) -> _Built:
    rows = [row for row in query(con, "outcomes") if row["outcome"] == name]
    if not rows:
        raise FunnelkitError(f"outcome {name!r} was not built yet", "run `funnelkit build`")
    hash_ = _with_clock(rows[0]["definition_hash"], clock)
    end = rows[0]["after_us"] + rows[0]["within_us"]
    return _Built(hash_, whose(clock), end, clock=str(clock["name"]))
