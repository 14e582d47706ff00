"""Do two groups convert differently? Differences with intervals, and how many could be chance."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from funnelkit.stats.funnels import StepCounts, in_words, share_of
from funnelkit.stats.proportions import (
    Clusters,
    Interval,
    benjamini_hochberg,
    newcombe,
    two_proportion_p,
)
from funnelkit.table import Column, Table, Value, shown

COMPARE_COLUMNS = (
    Column("funnel"),
    Column("a"),
    Column("b"),
    Column("n_a", "count"),
    Column("n_b", "count"),
    Column("conversion_a", "share"),
    Column("conversion_a_lo", "share"),
    Column("conversion_a_hi", "share"),
    Column("conversion_b", "share"),
    Column("conversion_b_lo", "share"),
    Column("conversion_b_hi", "share"),
    Column("difference", "points"),
    Column("lo", "points"),
    Column("hi", "points"),
    Column("p_value", "p"),
    Column("q_value", "p"),
)
STANDS = 0.05


class Group(NamedTuple):
    """Whom of a group the last step counts: `done` of its `base` (the matured; all, no window).

    `label` says which group, `plan = free`. `clusters`: the base's entries by entity, where entries
    are counted.
    """

    funnel: str
    label: str
    done: int
    base: int
    clusters: Clusters | None = None

    @classmethod
    def of(cls, last: StepCounts, label: str) -> "Group":
        """The group whose last step this is."""
        return cls(last.funnel, label, last.done, last.base, last.clustered())

    @property
    def rate(self) -> Interval:
        """Its conversion, with the 95 % interval."""
        return share_of(self.done, self.base, self.clusters)

    @property
    def effective(self) -> tuple[float, float]:
        """Successes and trials as the tests of a difference take them: independent ones."""
        if self.clusters is None:
            return self.done, self.base
        worth = self.clusters.design_effect
        return self.done / worth, self.base / worth


class _Difference(NamedTuple):
    a: Group
    b: Group
    interval: Interval
    p: float | None
    q: float | None


def compare_table(
    pairs: Sequence[tuple[Group, Group]],
    *,
    entities: str = "entities",
    meta: Mapping[str, Any] | None = None,
) -> Table:
    """Pairs of groups, their conversions, and the difference a - b with interval, p and q.

    One row a pair, in the given order; the groups of a pair must be disjoint. Newcombe's hybrid
    score interval (95 %, of each difference alone), two-sided score test, Benjamini-Hochberg over
    all pairs of the call. A group without anybody gives null throughout, and is not tested.
    """
    found = _differences(pairs)
    return Table(
        columns=COMPARE_COLUMNS,
        rows=tuple(_row(each) for each in found),
        meta=meta or {},
        headline=_headline(found, entities),
        notes=_notes(found, entities),
    )


def _differences(pairs: Sequence[tuple[Group, Group]]) -> list[_Difference]:
    p_values = [two_proportion_p(*a.effective, *b.effective) for a, b in pairs]
    adjusted = iter(benjamini_hochberg([p for p in p_values if p is not None]))
    return [
        _Difference(
            a, b, newcombe(*a.effective, *b.effective), p, None if p is None else next(adjusted)
        )
        for (a, b), p in zip(pairs, p_values, strict=True)
    ]


def _row(each: _Difference) -> tuple[Value, ...]:
    a, b = each.a, each.b
    sizes = (a.base, b.base)
    return (a.funnel, a.label, b.label, *sizes, *a.rate, *b.rate, *each.interval, each.p, each.q)


def _headline(found: Sequence[_Difference], entities: str) -> str:
    tested = [each for each in found if each.q is not None]
    if not tested:
        return "Nothing to compare: in each pair a group has no matured " + f"{entities} yet."
    standing = [each for each in tested if (each.q or 0.0) <= STANDS]
    if not standing:
        return f"No difference stands at q ≤ {STANDS} ({len(tested)} compared)."
    number = (
        f"{len(standing)} of {len(tested)} differences" if len(tested) > 1 else "The difference"
    )
    verb = "stands" if len(standing) == 1 else "stand"
    largest = max(standing, key=lambda each: abs(each.interval.estimate or 0.0))
    which = ": " if len(standing) == 1 else "; the largest is "
    return f"{number} {verb} at q ≤ {STANDS}{which}{_in_words(largest)}."


def _in_words(each: _Difference) -> str:
    difference, lo, hi = (shown(value, "points") for value in each.interval)
    return (
        f"{_group(each.a)} against {_group(each.b)}: {difference}, "
        f"95 % interval {lo.removesuffix(' pp')} to {hi}"
    )


def _group(group: Group) -> str:
    return f"{group.label} {group.done:,} of {group.base:,} ({in_words(group.rate)})"


def _notes(found: Sequence[_Difference], entities: str) -> tuple[str, ...]:
    if not found:
        return ()
    notes = [
        f"Conversion to the last step, of the matured {entities} (of all without a window); "
        "difference: a − b, Newcombe's score interval, each alone at 95 %; p: score test; "
        "q: Benjamini-Hochberg over all pairs of this call."
    ]
    untested = sum(each.q is None for each in found)
    if untested and untested < len(found):
        notes.append(f"Not tested: {untested} of {len(found)} pairs, where a group has nobody.")
    if any(group.clusters is not None for each in found for group in (each.a, each.b)):
        several = entities.partition(" of ")[0]
        notes.append(
            f"Clustered: intervals and tests allow for {several} of one entity to be alike."
        )
    return tuple(notes)
