"""The figures of a report that a reader looks for first, each with its n, interval and cohorts."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Literal, NamedTuple

from funnelkit.report.columns_scorecard import SIDES
from funnelkit.report.diff_causes import SAY
from funnelkit.report.findings import Record, records
from funnelkit.report.findings_aha import cohort_rows, split_rows, total_reach
from funnelkit.report.model import (
    AhaSection,
    FunnelSection,
    ReportData,
    SaySection,
    ScorecardSection,
)
from funnelkit.stats.proportions import newcombe, wilson
from funnelkit.table import amount, rounded, score, shown, signed_score

Kind = Literal["share", "points", "score", "count", "amount", "number"]
Name = tuple[str, str]
_UNITS: dict[object, Kind] = {
    "share": "share",
    "whole share": "share",
    "points": "points",
    "score": "score",
    "amount": "amount",
}

SCORECARD = "scorecard"
_EVENTS, _ANSWERS = ("events", "end"), ("answers",)
_GAP = (*_EVENTS, *_ANSWERS)
# Of a scorecard's metrics by kind; the others are copies of figures of events. Revenue is of the
# last month that is over.
_RESTS_ON = {
    "nps": _ANSWERS,
    "gap": _GAP,
    "at_stake": _GAP,
    "cadence": (*_ANSWERS, "end"),
    "revenue": ("end",),
}
_PINNED = ("aha moment ", "outcome ")


class Cohort(NamedTuple):
    """An entry week of a figure: `done` of `n`, final where `is_mature`."""

    week: str
    done: int
    n: int
    is_mature: bool


class Headline(NamedTuple):
    """A figure: `section` and `figure` name it; `definition` is its rules' name in `hashes()`.

    `value`, `lo`, `hi`: shares, or differences of shares; a count has neither bound. `cohorts` are
    the entry weeks it is made of where people count once each. `pinned`: an earlier end of the data
    gives the value that it had then. `leads`: what the section is there for. `standing`: beside its
    target. `rests_on`: what of the data can move it: events, the end of the log, answers.
    """

    section: str
    figure: str
    kind: Kind
    value: float | None
    lo: float | None
    hi: float | None
    n: int | None
    definition: str
    cohorts: tuple[Cohort, ...] = ()
    pinned: bool = False
    leads: bool = False
    standing: str = ""
    rests_on: tuple[str, ...] = _EVENTS

    @property
    def name(self) -> Name:
        """What tells it from the report's others."""
        return self.section, self.figure

    @property
    def is_of_answers(self) -> bool:
        """Whether it rests on what people say, too."""
        return "answers" in self.rests_on


def told_value(kind: Kind, value: float | None) -> str:
    """A figure as people read it."""
    if value is None:
        return shown(None, "share")
    if kind == "score":
        return score(value)
    return amount(value) if kind == "amount" else shown(value, kind)


def told_difference(kind: Kind, value: float | None) -> str:
    """A difference of two such figures."""
    if value is None:
        return shown(None, "share")
    if kind == "score":
        return signed_score(value)
    if kind in ("share", "points"):
        return shown(value, "points")
    told = told_value(kind, int(value) if kind == "count" else value)
    return told if value < 0 else f"+{told}"


def headlines(data: ReportData) -> list[Headline]:
    """The figures of a report, in the order in which it shows them."""
    found: list[Headline] = []
    for section in data.sections:
        found += _funnel(section)
    for moment in data.aha:
        found += _aha(moment)
    found += _say(data.say) if data.say else ()
    return [*found, *(_scorecard(data.scorecard) if data.scorecard else ())]


def _funnel(section: FunnelSection) -> Iterator[Headline]:
    rows = records(section.steps)
    if not rows:
        return
    entrants = _count(section.name, "entrants", rows[0]["entered"])
    yield entrants._replace(definition=section.name)
    trend = records(section.trend)
    for row in rows[1:]:
        done, n = _done(row)
        weeks = [each for each in trend if each["step_name"] == row["step_name"]]
        yield Headline(
            section.name,
            f"conversion to {row['step_name']}",
            "share",
            row["conversion"],
            row["conversion_lo"],
            row["conversion_hi"],
            n,
            section.name,
            _of_people(row, done, n, [_week(each) for each in weeks]),
            pinned=bool(section.window),
            leads=row is rows[-1],
        )


def _done(row: Record) -> tuple[int, int]:
    if row["matured"] is None:
        return int(row["reached"]), int(row["entered"])
    return int(row["matured_reached"]), int(row["matured"])


def _week(row: Record) -> Cohort:
    done, n = _done(row)
    return Cohort(str(row["period"]), done, n, row["matured"] == row["entered"])


def _of_people(row: Record, done: int, n: int, weeks: Sequence[Cohort]) -> tuple[Cohort, ...]:
    """The weeks, unless attempts are counted: then the interval is not that of as many people."""
    lo, hi = map(rounded, wilson(done, n)[1:])
    same = (row["conversion_lo"], row["conversion_hi"]) == (lo, hi)
    return tuple(weeks) if same else ()


def _aha(moment: AhaSection) -> Iterator[Headline]:
    total, definition = total_reach(moment), f"aha moment {moment.name}"
    yield Headline(
        definition,
        "reach",
        "share",
        total["reach"],
        total["reach_lo"],
        total["reach_hi"],
        total["matured"],
        definition,
        tuple(_reach_week(row) for row in cohort_rows(moment.reach)),
        pinned=True,
        leads=True,
    )
    yield from _retention(moment, definition)


def _reach_week(row: Record) -> Cohort:
    matured = int(row["matured"] or 0)
    return Cohort(str(row["cohort"]), int(row["reached"] or 0), matured, matured == row["entrants"])


def _retention(moment: AhaSection, definition: str) -> Iterator[Headline]:
    """How much more of those who reached it come back than of the others, in the week told of."""
    weeks = moment.told.get("week", ())
    groups = [
        next((row for row in rows if weeks and row["week"] == int(weeks[0])), None)
        for rows in split_rows(moment).values()
    ]
    if None in groups:
        return
    with_it, without = (each for each in groups if each)
    counts = (with_it["retained"], with_it["matured"], without["retained"], without["matured"])
    if None in counts:
        return
    name = f"come back in week {weeks[0]}, reached it or not"
    n = int(with_it["matured"]) + int(without["matured"])
    yield Headline(definition, name, "points", *newcombe(*counts), n, definition, pinned=True)


def _say(section: SaySection) -> Iterator[Headline]:
    hashed = {each.name for each in section.features}
    for row in records(section.table("gaps")):
        feature = str(row["feature"])
        yield Headline(
            f"say and do, {section.wave}",
            f"gap of {feature}",
            "points",
            row["gap"],
            row["gap_lo"],
            row["gap_hi"],
            row["n"],
            _feature(feature, hashed),
            leads=True,
            rests_on=_GAP,
        )
    for row in records(section.table("nps")):
        bounds = (row["nps"], row["lo"], row["hi"])
        name = f"NPS of {row['wave']}"
        yield Headline("say and do", name, "score", *bounds, row["n"], "", rests_on=_ANSWERS)


def _scorecard(section: ScorecardSection) -> Iterator[Headline]:
    named = {each.name.rpartition(" ")[2]: each.name for each in section.definitions}
    for side in SIDES:
        for row in records(section.table(side)):
            metric = str(row["metric"])
            definition = next((named[name] for name in named if name in metric), "")
            kind = str(row["kind"])
            yield Headline(
                SCORECARD,
                metric,
                _UNITS.get(row["unit"], "number"),
                row["value"],
                row["lo"] if row["lo"] != row["value"] else None,
                row["hi"],
                row["n"],
                # Its rules are among those of feedback.
                SAY if kind == "revenue" else definition,
                pinned=definition.startswith(_PINNED),
                standing=str(row["standing"] or ""),
                rests_on=_RESTS_ON.get(kind, _EVENTS),
            )


def _feature(shown_as: str, known: Iterable[str]) -> str:
    name = shown_as.removesuffix(" (intent)")
    return f"feature {name}" if name in known else ""


def _count(section: str, figure: str, value: Any) -> Headline:
    return Headline(section, figure, "count", value, None, None, None, "")
