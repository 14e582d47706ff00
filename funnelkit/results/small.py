"""Groups too small for a committed report: nobody stands there alone, nor by subtraction.

A group is as large as the entities in it. Of attempts those are known where they have matured.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from funnelkit.stats.funnels import PeriodCounts, StepCounts

T = TypeVar("T")
OTHER = "(other)"


def size(counts: StepCounts, of_attempts: bool) -> int:
    """Entities in a group; where attempts are counted, those with a mature one."""
    return (counts.clusters or 0) if of_attempts else counts.entered


def merged(
    periods: Sequence[PeriodCounts], fewest: int, of_attempts: bool = False
) -> list[PeriodCounts]:
    """Cohorts of fewer than `fewest` entrants joined to the next one, the last to the one before.

    A joined cohort begins when its first one does, and has no times.
    """
    entered: dict[str, int] = {}
    for each in periods:
        entered.setdefault(each.period, size(each.counts, of_attempts))
    first = {period: group[0] for group in neighbours(entered, fewest) for period in group}
    found: dict[tuple[str, int], StepCounts] = {}
    for period, counts in periods:
        key = (first[period], counts.step)
        found[key] = _together(found[key], counts, counts.value) if key in found else counts
    return [PeriodCounts(period, found[period, step]) for period, step in sorted(found)]


def joined_periods(
    periods: Sequence[PeriodCounts], longer: Callable[[str], str]
) -> list[PeriodCounts]:
    """The counts of longer periods, by what `longer` calls that of each; without times."""
    found: dict[tuple[str, int], StepCounts] = {}
    for period, counts in periods:
        key = (longer(period), counts.step)
        before = found.get(key)
        found[key] = _together(before, counts, counts.value) if before else counts
    return [PeriodCounts(period, found[period, step]) for period, step in sorted(found)]


def neighbours(sizes: Mapping[str, int], fewest: int) -> list[list[str]]:
    """Periods in groups of at least `fewest`: small ones join the next, the last the one before."""
    groups: list[list[str]] = []
    waiting: list[str] = []
    for period in sizes:
        waiting.append(period)
        if sum(sizes[each] for each in waiting) >= fewest:
            groups.append(waiting)
            waiting = []
    if waiting and groups:
        groups[-1] += waiting
    elif waiting:
        groups.append(waiting)
    return groups


def in_fives(counts: Sequence[int], fewest: int) -> list[int]:
    """Counts in order in whole multiples of `fewest`, what is over added to the next one.

    Of two versions the sums differ by as many or by none: never by one person.
    """
    sums = [sum(counts[: at + 1]) // fewest * fewest for at in range(len(counts))]
    return [now - before for before, now in zip([0, *sums], sums, strict=False)]


def others(sizes: Mapping[T, int], fewest: int, known: T) -> list[T]:
    """The values that stand together because one of them is small; none where none is.

    `known` is what the rest is called already, if there is one. The smallest values join it until
    it holds `fewest` itself: subtraction must reveal nobody.
    """
    smallest_first = sorted(sizes, key=lambda value: (value != known, sizes[value]))
    small = [value for value in smallest_first if sizes[value] < fewest]
    if not small:
        return []
    found = [value for value in smallest_first if value == known or value in small]
    for value in smallest_first:
        if value not in found and sum(sizes[each] for each in found) < fewest:
            found.append(value)
    return found


def folded(
    counts: Sequence[StepCounts], fewest: int, of_attempts: bool = False
) -> list[StepCounts]:
    """Values with fewer than `fewest` entrants as one value `(other)`, last, without times."""
    entered: dict[str | None, int] = {}
    for each in counts:
        entered.setdefault(each.value, size(each, of_attempts))
    rest = others(entered, fewest, OTHER)
    if not rest:
        return list(counts)
    together: dict[int, StepCounts] = {}
    for each in counts:
        if each.value in rest:
            before = together.get(each.step)
            together[each.step] = _together(before, each) if before else _without_times(each)
    kept = [each for each in counts if each.value not in rest]
    return kept + [together[step] for step in sorted(together)]


_COUNTS = ("entered", "reached", "open", "lost", "matured", "matured_reached")
# An entity with entries in both parts is a cluster in each: it only makes an interval narrower by
# what they have in common.
_CLUSTERS = ("clusters", "sum_x2", "sum_xm", "sum_m2", "sum_xprev", "sum_prev2")


def _together(one: StepCounts, other: StepCounts, value: str | None = "(other)") -> StepCounts:
    sums: dict[str, Any] = {}
    for name in _COUNTS + _CLUSTERS:
        known = [n for n in (getattr(one, name), getattr(other, name)) if n is not None]
        sums[name] = sum(known) if known else None
    return _without_times(one, value)._replace(**sums)


def _without_times(counts: StepCounts, value: str | None = "(other)") -> StepCounts:
    return counts._replace(value=value, median_us=None, p25_us=None, p75_us=None, p90_us=None)
