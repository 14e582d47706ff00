"""Before and after a change was shipped: one number, one definition, one date to judge it on."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple

from funnelkit.project.shipping import Weeks
from funnelkit.stats.funnels import in_words, many, share_of
from funnelkit.stats.proportions import NOTHING, Clusters, Interval, newcombe
from funnelkit.table import Column, Table, Value, shown

State = Literal["interim", "final", "not comparable"]
INTERIM: State = "interim"
FINAL: State = "final"
NOT_COMPARABLE: State = "not comparable"
SHIPPED_COLUMNS = (
    Column("change"),
    Column("metric"),
    Column("definition_hash"),
    Column("before_from", "date"),
    Column("before_to", "date"),
    Column("after_from", "date"),
    Column("after_to", "date"),
    Column("n_before", "count"),
    Column("k_before", "count"),
    Column("rate_before", "share"),
    Column("n_after", "count"),
    Column("k_after", "count"),
    Column("rate_after", "share"),
    Column("difference", "points"),
    Column("lo", "points"),
    Column("hi", "points"),
    Column("state"),
    Column("evaluate_on", "date"),
    Column("rate_before_lo", "share"),
    Column("rate_before_hi", "share"),
    Column("rate_after_lo", "share"),
    Column("rate_after_hi", "share"),
    Column("open_before", "count"),
    Column("open_after", "count"),
)


class Side(NamedTuple):
    """Entries of the weeks on one side; `matured` by the cut, of those `converted`.

    `ineligible` are not in `entered`. `spanning`: mature, but the change came before their time was
    over. `clusters`: of the mature by entity, where one can enter several times.
    """

    entered: int
    matured: int
    converted: int
    ineligible: int = 0
    spanning: int = 0
    clusters: Clusters | None = None

    @property
    def open(self) -> int:
        """Those that are not mature at the cut."""
        return self.entered - self.matured

    @property
    def rate(self) -> Interval:
        """Of the mature, the share for which it came about: Wilson, 95 %."""
        return share_of(self.converted, self.matured, self.clusters)

    @property
    def effective(self) -> tuple[float, float]:
        """Successes and trials, as many as independent ones would tell as much."""
        worth = 1.0 if self.clusters is None else self.clusters.design_effect
        return self.converted / worth, self.matured / worth


class Metric(NamedTuple):
    """What a change is measured by: `funnel activation`, what those who did it did, of whom.

    `definition_hash`: of its rules as they are; `pinned`: as they were when the change was planned,
    None where nobody wrote that down.
    """

    name: str
    did: str
    entities: str
    window: str
    definition_hash: str
    pinned: str | None = None
    definition: Sequence[str] = ()


class Shipped(NamedTuple):
    """A change, its weeks, and both sides as of the cut; dates in the project's time zone.

    `seen`: up to which day the log was seen when that is before `evaluate_on`; else None.
    `log_from`: the log's first day where the weeks before start earlier.
    """

    change: str
    metric: Metric
    shipped_on: str
    evaluate_on: str
    weeks: Weeks
    before: Side
    after: Side
    seen: str | None = None
    log_from: str | None = None

    @property
    def state(self) -> State:
        """Whether the rules are those of the plan, and whether the day to judge it is there."""
        pinned = self.metric.pinned
        if pinned is not None and pinned != self.metric.definition_hash:
            return NOT_COMPARABLE
        return FINAL if self.seen is None else INTERIM

    @property
    def difference(self) -> Interval:
        """Rate after - rate before: Newcombe, 95 %; nothing where the rules are others."""
        if self.state == NOT_COMPARABLE:
            return NOTHING
        return newcombe(*self.after.effective, *self.before.effective)


def shipped_table(found: Sequence[Shipped], *, meta: Mapping[str, Any]) -> Table:
    """One row a change: both rates, their difference and its state, with the finding in words."""
    sentences = [shipped_sentence(each) for each in found]
    alone = len(found) == 1
    notes = [note for each in found for note in _notes(each, "" if alone else f"{each.change}: ")]
    return Table(
        SHIPPED_COLUMNS,
        tuple(_row(each) for each in found),
        meta,
        sentences[0] if alone else _summary(found),
        (*(() if alone else sentences), *notes, *_method(found)),
    )


def _row(each: Shipped) -> tuple[Value, ...]:
    none = each.state == NOT_COMPARABLE
    before, after = (NOTHING, NOTHING) if none else (each.before.rate, each.after.rate)
    return (
        each.change,
        each.metric.name,
        each.metric.definition_hash,
        *(day.isoformat() for day in each.weeks),
        *_counts(each.before, none),
        before.estimate,
        *_counts(each.after, none),
        after.estimate,
        *each.difference,
        each.state,
        each.evaluate_on,
        *(before.lo, before.hi, after.lo, after.hi),
        *((None, None) if none else (each.before.open, each.after.open)),
    )


def _counts(side: Side, none: bool) -> tuple[Value, Value]:
    return (None, None) if none else (side.matured, side.converted)


def shipped_sentence(each: Shipped) -> str:
    """The finding of one change, in a sentence that stays right when it is repeated."""
    if each.state == NOT_COMPARABLE:
        return (
            f"{each.change} is not comparable: {each.metric.name} is {each.metric.definition_hash} "
            f"now and was {each.metric.pinned} when the change was planned."
        )
    interim = f"interim, to be judged on {each.evaluate_on}: " if each.state == INTERIM else ""
    empty = [name for name, side in _sides(each) if not side.matured]
    if empty:
        return (
            f"{each.change}: {interim}nobody who entered in the weeks {' and '.join(empty)} it "
            f"shipped is mature{' yet' if interim else ''}."
        )
    before, after, entities = each.before, each.after, each.metric.entities
    estimate, lo, hi = (shown(value, "points") for value in each.difference)
    return (
        f"{each.change}: {interim}{after.converted:,} of {many(after.matured, entities)} who "
        f"entered after it shipped {each.metric.did} ({in_words(after.rate)}), "
        f"{before.converted:,} of {before.matured:,} before ({in_words(before.rate)}): "
        f"{estimate}, 95 % interval {lo.removesuffix(' pp')} to {hi}{_verdict(each)}."
    )


def _verdict(each: Shipped) -> str:
    """What a final difference may be called; an interim one is not called anything."""
    _, lo, hi = each.difference
    if each.state != FINAL or lo is None or hi is None:
        return ""
    if lo <= 0 <= hi:
        return ", no difference shown"
    return f", {'higher' if lo > 0 else 'lower'} after: it goes with the change, not because of it"


def _sides(each: Shipped) -> tuple[tuple[str, Side], tuple[str, Side]]:
    return ("before", each.before), ("after", each.after)


def _summary(found: Sequence[Shipped]) -> str:
    if not found:
        return "No change was shipped."
    states = [each.state for each in found]
    told = [
        f"{states.count(state)} {state}"
        for state in (FINAL, INTERIM, NOT_COMPARABLE)
        if state in states
    ]
    return f"{len(found)} changes: {', '.join(told)}."


def _notes(each: Shipped, which: str) -> list[str]:
    if each.state == NOT_COMPARABLE:
        return [
            f"{which}a difference of two definitions says nothing of the change. Put the rules "
            f"back, or plan anew: definition_hash: {each.metric.definition_hash}"
        ]
    before_from, before_to, after_from, after_to = (day.isoformat() for day in each.weeks)
    entities, window = each.metric.entities, each.metric.window
    spanning = each.before.spanning
    opened = each.before.open + each.after.open
    ineligible = each.before.ineligible + each.after.ineligible
    told = [
        f"Entry weeks: {before_from} to {before_to} and {after_from} to {after_to}; the week of "
        f"{each.shipped_on}, when it shipped, is in neither. Mature: {window} passed by "
        f"{each.seen or f'the start of {each.evaluate_on}'}.",
        f"Log: its first day is {each.log_from}, so the weeks before are not whole."
        if each.log_from
        else "",
        f"Not counted{_yet(each)}: {many(opened, entities)} of these weeks that "
        f"{'was' if opened == 1 else 'were'} not mature by then."
        if opened
        else "",
        f"Not counted: {many(ineligible, entities)} that had converted before the time of the "
        "outcome began."
        if ineligible
        else "",
        f"Part of the time of {many(spanning, entities)} of the weeks before fell after it had "
        "shipped: that can hide a difference."
        if spanning
        else "",
        f"To notice a change of the rules: definition_hash: {each.metric.definition_hash}"
        if each.metric.pinned is None
        else "",
    ]
    return [f"{which}{note}" for note in told if note]


def _yet(each: Shipped) -> str:
    return " yet" if each.state == INTERIM else ""


def _method(found: Sequence[Shipped]) -> list[str]:
    """What a comparison of before and after can never tell."""
    if all(each.state == NOT_COMPARABLE for each in found):
        return []
    return [
        "Before and after is no experiment: season, campaigns and everything else that shipped are "
        "in it too. Of the mature, Wilson; difference: after − before, Newcombe, 95 %."
    ]
