"""Figures that moved as a reader is shown them: each once, by how much, and whether it is real."""

from collections.abc import Sequence
from typing import NamedTuple

from funnelkit.report.diff import RULES, Between, FigureChange, ReportChange
from funnelkit.report.diff_causes import NEW_DATA, SHORTER
from funnelkit.report.headlines import SCORECARD, Headline, told_difference
from funnelkit.stats.evidence import FEWEST
from funnelkit.table import shown


class Shown(NamedTuple):
    """A figure, and the titles of the reports that show it."""

    titles: tuple[str, ...]
    change: FigureChange


def once(reports: Sequence[ReportChange]) -> list[Shown]:
    """Every figure once; one that a scorecard copies has the standing that it gives it."""
    found: dict[object, Shown] = {}
    copies: dict[object, object] = {}
    rows = [(report.title, each) for report in reports for each in report.figures]
    for title, each in sorted(rows, key=lambda row: row[1].one.section == SCORECARD):
        numbers = _numbers(each.base), _numbers(each.head)
        own = (each.one.name, numbers)
        is_copy = each.one.section == SCORECARD
        key = copies.get(numbers, own) if is_copy else own
        first = found.get(key)
        change = each if first is None else first.change
        if is_copy:
            change = change._replace(
                base=_standing(change.base, each.base), head=_standing(change.head, each.head)
            )
        found[key] = Shown((*(first.titles if first else ()), title), change)
        if not is_copy and each.one.n is not None:
            copies.setdefault(numbers, own)
    return list(found.values())


def _numbers(figure: Headline | None) -> tuple[object, ...]:
    """What of a figure is compared; of one without a value nothing."""
    if figure is None or figure.value is None:
        return ()
    return figure.kind, figure.value, figure.lo, figure.hi, figure.n


def _standing(figure: Headline | None, copy: Headline | None) -> Headline | None:
    return figure._replace(standing=copy.standing) if figure and copy else figure


def shown_difference(figure: FigureChange) -> str:
    """`+0.5 pp`, of the exact numbers as everywhere; more digits where it would read as none."""
    kind, exact = figure.one.kind, figure.difference
    told = told_difference(kind, exact)
    if not exact or kind not in ("share", "points") or any(digit in told for digit in "123456789"):
        return told
    return f"{told[:1]}{abs(100 * exact):.1g} pp"


def is_real(figure: FigureChange) -> str:
    """Whether it is more than chance, as a sentence; "" where rules changed or people are counted.

    Only people of one version alone are a sample apart: of them there is an interval.
    """
    if figure.redefined or figure.difference is None or figure.one.kind in ("count", "amount"):
        return ""
    if figure.between:
        verdict = "not shown to be a change" if _holds_0(figure.between) else "a change"
        words = between_words(figure)
        return f"{words[0].upper()}{words[1:]}: {verdict}."
    if {NEW_DATA, SHORTER} & {*figure.acting}:
        less = "less" if SHORTER in figure.acting else "more"
        return f"Most of the people are in both, with {less} data: no test tells it from chance."
    return ""


def between_words(figure: FigureChange) -> str:
    """`new entry weeks 2026-05-25 to 2026-06-08: 34.4 % (21 of 61); earlier ones: …, holds 0`."""
    found = figure.between
    assert found is not None
    difference, lo, hi = (told_difference("points", value) for value in found.interval)
    span = " to ".join(dict.fromkeys((found.weeks[0], found.weeks[-1])))
    weeks = "entry weeks" if len(found.weeks) > 1 else "entry week"
    holds = "which holds 0" if _holds_0(found) else "which does not hold 0"
    return (
        f"new {weeks} {span}: {_share(found.new)}; earlier ones: {_share(found.old)};"
        f" {difference}, 95 % interval {lo.removesuffix(' pp')} to {hi}, {holds}"
    )


def others_words(figure: FigureChange) -> str:
    """Who is in neither group; "" where everybody is in one, or where older data changed too."""
    found, n = figure.between, figure.head.n if figure.head else None
    of_data = [cause for cause in figure.causes if cause not in RULES]
    if found is None or n is None or of_data != [NEW_DATA]:
        return ""
    rest = n - found.new[1] - found.old[1]
    if rest <= 0:
        return ""
    few = f"fewer than {FEWEST}" if rest < FEWEST else f"{rest:,}"
    return f"the other {few} of {n:,} entered in weeks that are not final yet"


def _holds_0(found: Between) -> bool:
    _, lo, hi = found.interval
    return lo is not None and hi is not None and lo <= 0 <= hi


def _share(counts: tuple[int, int]) -> str:
    done, n = counts
    return f"{shown(done / n, 'share')} ({done:,} of {n:,})"
