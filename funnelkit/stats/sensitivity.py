"""Does the choice of a rule matter? The same funnel under other rules, beside its own."""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from funnelkit.stats.funnels import StepCounts, in_words, many, share_of
from funnelkit.stats.proportions import Clusters, Interval
from funnelkit.table import Column, Table, Value, shown

SENSITIVITY_COLUMNS = (
    Column("rule"),
    Column("variant"),
    Column("entered", "count"),
    Column("reached", "count"),
    Column("matured", "count"),
    Column("matured_reached", "count"),
    Column("conversion", "share"),
    Column("conversion_lo", "share"),
    Column("conversion_hi", "share"),
    Column("difference", "points"),
    Column("changed", "count"),
    Column("gained", "count"),
    Column("lost", "count"),
)


class Variant(NamedTuple):
    """The last step's counts when one rule is another: `rule` (`entry`) set to `variant` (`best`).

    `gained`: entities that get further than as defined, or enter only here; `lost`: less far, or
    enter only there; `changed`: both together. `excluded`: entities that an exclusion of scope
    `entity` takes out.
    """

    rule: str
    variant: str
    entered: int
    reached: int
    matured: int | None = None
    matured_reached: int | None = None
    changed: int = 0
    gained: int = 0
    lost: int = 0
    clusters: Clusters | None = None
    excluded: int = 0

    @classmethod
    def of(
        cls,
        last: StepCounts,
        rule: str,
        variant: str,
        changed: int = 0,
        gained: int = 0,
        lost: int = 0,
        excluded: int = 0,
    ) -> "Variant":
        """The variant under which the last step counts this."""
        counts = (last.entered, last.reached, last.matured, last.matured_reached)
        return cls(rule, variant, *counts, changed, gained, lost, last.clustered(), excluded)

    @property
    def done(self) -> int:
        """Who of the base reached the last step."""
        return self.reached if self.matured_reached is None else self.matured_reached

    @property
    def base(self) -> int:
        """Whom conversion is taken of: the matured, or everybody who entered."""
        return self.entered if self.matured is None else self.matured

    @property
    def rate(self) -> Interval:
        """Its conversion, with the 95 % interval."""
        return share_of(self.done, self.base, self.clusters)


def sensitivity_table(
    variants: Sequence[Variant],
    *,
    entities: str = "entities",
    meta: Mapping[str, Any] | None = None,
) -> Table:
    """The funnel as defined (the first item), then a row for each other rule.

    `difference`: its conversion minus that as defined; null in the first row, which has nothing to
    differ from, and where either has no base. It has no interval: the same entities are counted
    twice, nothing is sampled. Raises ValueError without any variant.
    """
    if not variants:
        raise ValueError("variants is empty, must begin with the funnel as defined.")
    defined = variants[0]
    return Table(
        columns=SENSITIVITY_COLUMNS,
        rows=tuple(_row(each, defined) for each in variants),
        meta=meta or {},
        headline=_headline(defined, variants[1:], entities),
        notes=(
            "Each row changes one rule and keeps the others. Changed: whose level differs from the "
            "definition's, gained higher (or entered only here), lost lower (or not entered here). "
            "A difference has no interval: the same events are counted twice.",
        ),
    )


def _row(each: Variant, defined: Variant) -> tuple[Value, ...]:
    told: tuple[Value, ...] = (None, None, None, None)
    if each is not defined:
        told = (_difference(each, defined), each.changed, each.gained, each.lost)
    return (*each[:6], *each.rate, *told)


def _difference(each: Variant, defined: Variant) -> float | None:
    here, there = each.rate.estimate, defined.rate.estimate
    return None if here is None or there is None else here - there


def _headline(defined: Variant, others: Sequence[Variant], entities: str) -> str:
    as_defined = f"As defined {_rate(defined)}"
    if not others:
        return f"{as_defined}; no other rule applies."
    if not any(each.changed or _difference(each, defined) for each in others):
        return f"{as_defined}; nothing changes under {many(len(others), 'other rules')}."
    # The change in conversion first; among equals, and before anything matures, whose level moves.
    largest = max(others, key=lambda e: (abs(_difference(e, defined) or 0.0), e.changed))
    difference = _difference(largest, defined)
    size = "" if difference is None else f", {shown(difference, 'points')}"
    return (
        f"{as_defined}; the largest change is {largest.rule}: {largest.variant}, {_rate(largest)}"
        f"{size}, {many(largest.changed, entities)} changed."
    )


def _rate(each: Variant) -> str:
    if each.base == 0:
        return f"no conversion yet ({each.reached:,} of {each.entered:,} so far)"
    return f"{each.done:,} of {each.base:,} ({in_words(each.rate)})"
