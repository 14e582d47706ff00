"""Which findings may open a report, from the very rows that it shows; the choice is report.front's.

Whom a finding concerns: of a loss those lost, of an aha moment those who did not reach it, of the
search those of the deciding half who did not do it, of two groups the one that converts less, of a
gap the customers of its cell, of an NPS the customers who answered, of a metric beside its target
all those that it is of.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from funnelkit.report import findings, findings_scorecard
from funnelkit.report.findings_next import DIFFER
from funnelkit.report.front import METRIC, SCORECARD
from funnelkit.report.model import Finding
from funnelkit.stats.evidence import FEWEST
from funnelkit.stats.funnels import many
from funnelkit.table import percent, shown

if TYPE_CHECKING:
    from funnelkit.report.model import (
        AhaSection,
        FunnelSection,
        ReportData,
        ScorecardSection,
        SearchSection,
    )

Row = Mapping[str, Any]


def candidates(data: "ReportData") -> tuple[Finding, ...]:
    """The candidates of the funnels, aha moments and search of a report, in their order."""
    several = len(data.sections) > 1
    found: list[Finding] = []
    for section in data.sections:
        found += _of_funnel(section, several)
    for moment in data.aha:
        found += _never_reached(moment)
    found += _of_search(data.search) if data.search else ()
    found += _of_targets(data.scorecard) if data.scorecard else ()
    return tuple(found)


def told(number: int | None) -> int | None:
    """How many a finding concerns, where it may be told."""
    return None if number is None or number < FEWEST else number


def _of_funnel(section: "FunnelSection", several: bool) -> Iterator[Finding]:
    for text, customers, passed in (*_loss(section), *_groups(section)):
        yield Finding(
            findings.of_funnel(section, text, several),
            "loss" if passed is None else "comparison",
            "" if passed is None else f"comparison of groups in {section.name}",
            passed,
            customers,
        )


_Told = tuple[str, int | None, bool | None]


def _loss(section: "FunnelSection") -> Iterator[_Told]:
    """The largest loss; none that is of too few to be told."""
    worst = findings.steepest(section)
    text = findings.loss_sentence(section)
    lost = told(findings.done(worst[0]) - findings.done(worst[1])) if worst else None
    if text and lost:
        yield text, lost, None


def _groups(section: "FunnelSection") -> Iterator[_Told]:
    """Of groups that were compared the pair whose lesser one is the largest, decided or not."""
    judged = [row for row in section.comparison.records() if row["q_value"] is not None]
    differ = [row for row in judged if row["verdict"] == DIFFER]
    pairs = sorted(differ or judged, key=lambda row: (-_lesser(row), str(row["a"]), str(row["b"])))
    if pairs:
        said = _pair(pairs[0], shown_to=bool(differ))
        text = f"{said}{_of_pairs(differ, len(judged), pairs[0])}."
        yield text, told(_lesser(pairs[0])), bool(differ)


def _lesser(row: Row) -> int:
    """The size of the group that converts less."""
    return int(row["n_a"] if row["conversion_a"] <= row["conversion_b"] else row["n_b"])


def _pair(row: Row, *, shown_to: bool) -> str:
    """Two groups, the one that converts more first: the difference is of the first."""
    first, second = _by_rate(row)
    one, other = row[first], row[second]
    said = f"{one} converts more than {other}"
    if not shown_to:
        said = f"{one} is not shown to convert more than {other}"
    return (
        f"By {row['breakdown']}, {said}: {_rate(row, first)} against {_rate(row, second)},"
        f" {_difference(row)}"
    )


def _rate(row: Row, name: str) -> str:
    """`49.4 % (44.5–54.3 %, n = 393)`."""
    share, low, high = (row[f"conversion_{name}{end}"] for end in ("", "_lo", "_hi"))
    return f"{percent(share)} ({findings.interval(low, high)}, n = {row[f'n_{name}']:,})"


def _of_pairs(differ: Sequence[Row], judged: int, named: Row) -> str:
    """How many pairs differ, why this one is `named`, and the widest; nothing of one pair."""
    if judged == 1:
        return ""
    number = len(differ)
    told = f"; {number} of {judged} pairs of groups {'differs' if number == 1 else 'differ'}"
    if number < 2:
        return told
    widest = max(differ, key=lambda row: abs(row["difference"]))  # which its chart names, too
    if abs(widest["difference"]) == abs(named["difference"]):
        return f"{told}, these two most"
    first, second = (f"{widest[end]} (n = {widest[f'n_{end}']:,})" for end in _by_rate(widest))
    return (
        f"{told}: this one concerns most, {first} and {second} differ most, {_difference(widest)}"
    )


def _difference(row: Row) -> str:
    """`+15.5 pp, 95 % interval +9.4 to +21.5 pp`, of the group that converts more."""
    turn = 1 if _by_rate(row)[0] == "a" else -1
    lo, hi = sorted(turn * row[end] for end in ("lo", "hi"))
    difference, low, high = (shown(end, "points") for end in (turn * row["difference"], lo, hi))
    return f"{difference}, 95 % interval {low.removesuffix(' pp')} to {high}"


def _by_rate(row: Row) -> tuple[str, str]:
    """The sides of a pair, the one that converts more first."""
    return ("b", "a") if row["conversion_a"] < row["conversion_b"] else ("a", "b")


def _never_reached(moment: "AhaSection") -> Iterator[Finding]:
    """Who had the whole window and did not reach the aha moment."""
    total = next((row for row in moment.reach.records() if row["cohort"] is None), None)
    if total is None or total["reach"] is None:
        return
    row: Row = total
    missed = told(int(row["matured"]) - int(row["reached"]))
    if not missed:
        return
    share, low, high = (1 - row[name] for name in ("reach", "reach_hi", "reach_lo"))
    yield Finding(
        f"{missed:,} of {many(int(row['matured']), moment.entities)} whose {moment.window} have"
        f" passed did not reach {moment.name} ({percent(share)}, 95 % interval"
        f" {findings.interval(low, high)}).",
        "reach",
        customers=missed,
    )


def _of_targets(section: "ScorecardSection") -> Iterator[Finding]:
    """How many targets are missed, then each; of no family: their intervals are each alone."""
    whole = findings_scorecard.tally(section)
    if whole:
        yield Finding(whole, SCORECARD)
    for row, text in findings_scorecard.missed(section):
        yield Finding(text, METRIC, customers=told(findings_scorecard.people(row)))


def _of_search(section: "SearchSection") -> Iterator[Finding]:
    """What the search accepted: the first by its rank speaks for all."""
    rows: list[Row] = [row for row in section.findings.records() if row["verdict"] == "accepted"]
    if not rows or not section.headline:
        return
    n, reach = rows[0]["n"], rows[0]["reach"]
    others = None if n is None or reach is None else int(n) - round(n * reach)
    yield Finding(section.headline, "search", "aha search", True, told(others))
