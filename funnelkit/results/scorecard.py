"""The scorecard of a report: metrics of customers beside those of the business, from the marts.

Every value is that of the command of its name; here they are only put beside their targets.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from funnelkit.project.scorecard import SIDES, Scorecard, Target
from funnelkit.results.scorecard_cohorts import conversion, reach, retention
from funnelkit.results.scorecard_metric import Told, point_row
from funnelkit.results.scorecard_revenue import Revenue, revenue
from funnelkit.results.scorecard_voice import Voice
from funnelkit.results.small_say import Row, as_table
from funnelkit.stats.targets import Standing, standing
from funnelkit.warehouse.macros import (
    aha_hash,
    aha_plan,
    definition_hash,
    feature_hash,
    outcome_hash,
    say_plan,
)

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

    from funnelkit.report.model import Definition, ScorecardSection

Part = Mapping[str, Any]
_CENTS = 100
_NO_SAMPLE = (
    "A target is met where the whole interval keeps it, missed where none of it does, and not shown"
    " where the interval holds it. What was counted (a week, revenue) has no interval. The"
    " intervals are 95 % each, and metrics are not judged as a family."
)
_CHANGE = (
    "Change: the latest period that is over against the one before; with an interval where the two"
    " are different people, and without where it was counted or they are partly the same."
)


def scorecard_section(
    con: "DuckDBPyConnection",
    written: Part,
    specs: Sequence[Part],
    definitions: Part,
    fewest: int,
) -> "ScorecardSection":
    """Values, targets and trends of a scorecard as the definitions have it.

    `specs`: all funnels, complete. Raises FunnelkitError for what was not built.
    """
    return _Card(con, Scorecard.model_validate(written), specs, definitions, fewest).section()


class _Card:
    """One scorecard: what is read once for several of its metrics."""

    def __init__(
        self,
        con: "DuckDBPyConnection",
        card: Scorecard,
        specs: Sequence[Part],
        definitions: Part,
        fewest: int,
    ) -> None:
        self.con = con
        self.card = card
        self.specs = specs
        self.aha = aha_plan(definitions)
        self.say = say_plan(definitions)
        self.fewest = fewest
        self.voice = Voice(con, self.say, card.trend, fewest)
        self.revenue: Revenue | None = None

    def section(self) -> "ScorecardSection":
        """Both sides, their periods, and revenue by state."""
        from funnelkit.report.columns_scorecard import SCORECARD_COLUMNS
        from funnelkit.report.columns_scorecard import SIDES as NAMES
        from funnelkit.report.model import ScorecardSection

        parts: dict[str, Sequence[Row]] = {}
        told: dict[str, tuple[str, ...]] = {}
        rules: dict[str, Definition] = {}
        for side, name in zip(SIDES, NAMES, strict=True):
            metrics = getattr(self.card, side)
            found = [self._told(metric.kind, metric.name) for metric in metrics]
            pairs = list(zip(metrics, found, strict=True))
            parts[name] = [_row(metric, each) for metric, each in pairs]
            parts[f"{name}-periods"] = [
                {**point_row(metric.title, point)}
                for metric, each in pairs
                for point in each.points
            ]
            notes = [note for each in found for note in each.notes]
            told[name] = tuple(dict.fromkeys(filter(None, (_NO_SAMPLE, _CHANGE, *notes))))
            rules |= {each.name: each for each in _definitions(found)}
        if self.revenue is not None:
            parts["revenue"] = self.revenue.rows
            told["revenue"] = tuple(self.revenue.notes)
        return ScorecardSection(
            trend=self.card.trend,
            words=tuple(self.card.in_words()),
            definitions=tuple(rules.values()),
            told=told,
            tables={
                part: as_table(rows, SCORECARD_COLUMNS[part])
                for part, rows in parts.items()
                if rows
            },
        )

    def _told(self, kind: str, name: str) -> Told:
        asked = (self.card.trend, self.fewest)
        read: dict[str, Callable[[], Told]] = {
            "reach": lambda: reach(self.con, self.aha, name, *asked),
            "retention": lambda: retention(self.con, self.aha, name, *asked),
            "conversion": lambda: conversion(self.con, self.aha, self.specs, name, asked),
            "nps": self.voice.nps,
            "gap": lambda: self.voice.gap(name),
            "at_stake": lambda: self.voice.at_stake(name),
            "cadence": lambda: self.voice.cadence(name),
            "revenue": self._revenue,
        }
        return read[kind]()

    def _revenue(self) -> Told:
        self.revenue = revenue(self.con, self.say, self.card.trend, self.fewest)
        return self.revenue.told


def _definitions(found: Sequence[Told]) -> "Iterator[Definition]":
    from funnelkit.report.model import Definition

    for each in found:
        if each.rules is not None:
            yield Definition(*each.rules)


def _row(metric: Any, told: Told) -> Row:
    value, lo, hi = told.value
    target: Target | None = metric.target
    bound = None if target is None else _bound(metric.kind, target)
    return {
        "metric": metric.title,
        "kind": metric.kind,
        "unit": told.unit,
        "of": told.of,
        "n": told.n,
        "value": value,
        "lo": lo,
        "hi": hi,
        "rounded": "yes" if told.rounded else None,
        "target": target.text if target else None,
        "bound": bound,
        "standing": _standing(metric.kind, target, bound, told),
        "change": told.change.estimate,
        "change_lo": told.change.lo,
        "change_hi": told.change.hi,
        "change_of": told.change_of or None,
        "owner": metric.owner,
    }


def _bound(kind: str, target: Target) -> float:
    """The target as the metric is measured: revenue in cents, a score of 32 as 0.32."""
    if kind == "revenue":
        return target.number * _CENTS
    return target.number / 100 if kind == "nps" else target.bound


def _standing(kind: str, target: Target | None, bound: float | None, told: Told) -> Standing:
    value, lo, hi = told.value
    # Of revenue at stake no upper limit is known where nothing is estimated: everything may be.
    limits = (lo, 1.0 if hi is None and value is not None else hi)
    is_floor = target is not None and target.is_floor
    return standing(bound, *limits, is_floor=is_floor, both_ways=kind == "gap")


def declared_hashes(written: Part, specs: Sequence[Part], definitions: Part) -> dict[str, str]:
    """Name and hash of what a scorecard rests on, by the definitions as they are."""
    card, found = Scorecard.model_validate(written), {}
    aha, say = aha_plan(definitions), say_plan(definitions)
    numbers = {
        key: {each["name"]: each["no"] for each in plan[key]}
        for plan, key in ((aha, "moments"), (aha, "outcomes"), (say, "features"))
    }
    funnels = {str(spec["name"]): spec for spec in specs}
    for metric in (*card.customer, *card.business):
        name = metric.name
        if metric.kind == "reach":
            found[f"aha moment {name}"] = aha_hash(aha, numbers["moments"][name])
        elif metric.kind in ("gap", "at_stake"):
            found[f"feature {name}"] = feature_hash(say, numbers["features"][name])
        elif metric.kind == "conversion" and name in funnels:
            found[f"funnel {name}"] = definition_hash(funnels[name])
        elif metric.kind in ("retention", "conversion"):
            found[f"outcome {name}"] = outcome_hash(aha, numbers["outcomes"][name])
    return found
