"""What a metric of a scorecard comes to: its value, its change and its points over time."""

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from funnelkit.results.small_aha import joined_weeks, retention_periods
from funnelkit.stats.proportions import NOTHING, Interval, newcombe
from funnelkit.stats.retention import RetentionCounts

Units = str  # share, whole share, score, points, a week or amount: how numbers are shown
SHARE, WHOLE_SHARE, SCORE = "share", "whole share", "score"
POINTS, A_WEEK, AMOUNT = "points", "a week", "amount"
FINAL, STILL_OPEN = "final", "open"
OVER = "entrants whose time is over"


class Rules(NamedTuple):
    """What a metric rests on: a definition in words with its hash; of several metrics, once."""

    name: str
    words: tuple[str, ...]
    definition_hash: str


class Point(NamedTuple):
    """A period's value with its interval; `n` None: not told. `is_final`: it will not move."""

    period: str
    value: float | None
    lo: float | None
    hi: float | None
    n: int | None
    is_final: bool = True
    rounded: bool = False


class Told(NamedTuple):
    """A metric as it may be shown.

    `of`: of whom or when; `lo` and `hi`: where the target is held against, equal to the value where
    all was counted. `change`: to the period before, `change_of`: of which, and why without limits.
    `rules`: None where the words of `notes` say all.
    """

    unit: Units
    of: str
    n: int | None
    value: Interval
    points: Sequence[Point]
    change: Interval = NOTHING
    change_of: str = ""
    rounded: bool = False
    rules: Rules | None = None
    notes: Sequence[str] = ()


def period_of(day: str, trend: str) -> str:
    """The period that a day is in: `2026-02-02` (its Monday), `2026-02` or `2026-Q1`."""
    at = dt.date.fromisoformat(day)
    if trend == "week":
        return (at - dt.timedelta(days=at.weekday())).isoformat()
    return day[:7] if trend == "month" else f"{day[:4]}-Q{(at.month + 2) // 3}"


def period_starts(first: str, last: str, trend: str) -> list[str]:
    """The first days of the periods from that of `first` to that of `last`, and of the next one."""
    at = dt.date.fromisoformat(first)
    at = at - dt.timedelta(days=at.weekday()) if trend == "week" else at.replace(day=1)
    if trend == "quarter":
        at = at.replace(month=3 * ((at.month - 1) // 3) + 1)
    starts = [at]
    while starts[-1].isoformat() <= last:
        starts.append(_next(starts[-1], trend))
    return [each.isoformat() for each in starts]


def _next(start: dt.date, trend: str) -> dt.date:
    if trend == "week":
        return start + dt.timedelta(days=7)
    months = start.month + (1 if trend == "month" else 3)
    return start.replace(year=start.year + (months - 1) // 12, month=(months - 1) % 12 + 1)


def cohort_told(
    cells: Iterable[RetentionCounts],
    value: tuple[Interval, int],
    trend: str,
    fewest: int,
    **more: Any,
) -> Told:
    """A share of entrants, and the same by when they entered.

    `cells`: a row an entry week. `value`: the share of all and of how many. Weeks of fewer than
    `fewest` are joined first, as the tables by entry week have them: less these, a period would
    give the parts of a joined week back. Then they count to the period of their first Monday;
    periods of fewer than `fewest` are joined to a neighbour or left out.
    """
    share, n = value
    weeks = joined_weeks(cells, fewest)
    # Of a period in which nobody's time is over there is nothing to hide.
    over = [each for each in _periods(weeks, trend) if each.matured]
    periods = retention_periods(over, fewest)
    points = [
        Point(str(each.cohort), *each.retention, each.matured, each.matured == each.entrants)
        for each in periods
    ]
    final = [each for each in periods if each.matured == each.entrants]
    change, which = last_two(
        final, lambda each: (each.retained, each.matured), lambda each: str(each.cohort)
    )
    return Told(
        SHARE,
        OVER,
        n if n >= fewest else None,
        share if n >= fewest else NOTHING,
        points,
        change,
        which,
        **more,
    )


def _periods(cells: Iterable[RetentionCounts], trend: str) -> Iterator[RetentionCounts]:
    found: dict[str, RetentionCounts] = {}
    for each in cells:
        period = period_of(str(each.cohort), trend)
        before = found.get(period)
        found[period] = each._replace(
            cohort=period,
            entrants=each.entrants + (before.entrants if before else 0),
            matured=each.matured + (before.matured if before else 0),
            retained=each.retained + (before.retained if before else 0),
        )
    yield from found.values()


def last_two(
    final: Sequence[Any],
    counts: Callable[[Any], tuple[float, float]],
    name: Callable[[Any], str],
) -> tuple[Interval, str]:
    """The difference of the latest two periods that are over: other people, so it has limits."""
    if len(final) < 2:
        return NOTHING, ""
    before, now = final[-2:]
    return newcombe(*counts(now), *counts(before)), f"{name(now)} against {name(before)}"


def exact(value: float) -> Interval:
    """A number that was counted, not estimated."""
    return Interval(value, value, value)


def counted_change(points: Sequence[Point], why: str) -> tuple[Interval, str]:
    """The difference of the latest two final points, without limits; `why` says why not."""
    known = [each for each in points if each.is_final and each.value is not None]
    if len(known) < 2:
        return NOTHING, ""
    before, now = known[-2:]
    moved = (now.value or 0.0) - (before.value or 0.0)
    return Interval(moved, None, None), f"{now.period} against {before.period}; {why}"


def point_row(title: str, point: Point) -> Mapping[str, Any]:
    """A row of the table of periods."""
    return {
        "metric": title,
        "period": point.period,
        "n": point.n,
        "value": point.value,
        "lo": point.lo,
        "hi": point.hi,
        "state": FINAL if point.is_final else STILL_OPEN,
        "rounded": "yes" if point.rounded else None,
    }
