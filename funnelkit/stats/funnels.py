"""From the marts' counts to printed funnel rows: rates, intervals, and the finding in words.

Pure functions, no database. Conversion to step k is `matured_reached / matured`, step conversion
`matured_reached` of a step over that of the step before; without a window nothing is open or
mature, and both are taken over everybody (`funnel-semantics`, "Mature, open, lost").
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby, pairwise
from typing import Any, NamedTuple

from funnelkit.stats.proportions import NOTHING, Clusters, Interval, clustered_wilson, wilson
from funnelkit.table import Column, Table, Value, percent

STEP_COLUMNS = (
    Column("funnel"),
    Column("breakdown"),
    Column("value"),
    Column("step", "count"),
    Column("step_name"),
    Column("entered", "count"),
    Column("reached", "count"),
    Column("open", "count"),
    Column("lost", "count"),
    Column("matured", "count"),
    Column("matured_reached", "count"),
    Column("conversion", "share"),
    Column("conversion_lo", "share"),
    Column("conversion_hi", "share"),
    Column("step_conversion", "share"),
    Column("step_conversion_lo", "share"),
    Column("step_conversion_hi", "share"),
    Column("median_seconds", "seconds"),
    Column("p25_seconds", "seconds"),
    Column("p75_seconds", "seconds"),
    Column("p90_seconds", "seconds"),
)
TREND_COLUMNS = (*STEP_COLUMNS, Column("period", "date"), Column("period_state"))
NO_WINDOW = "No window: nothing is open or lost for good, and conversion is reached / entered."


class StepCounts(NamedTuple):
    """What the marts count for a funnel's step, of everybody or of one breakdown value.

    `breakdown` and `value` are None for the total. `entered` is the group's number of entrants, the
    same at every step. Without a window `open`, `lost`, `matured` and `matured_reached` are None.
    Times are microseconds from the previous step, of converters from mature entries (of everybody
    without a window); None on step 1 and where nobody got there.

    An optional step stands outside of the chain: its `open` and `lost` are None, no other step's
    conversion is from it. `previous_step` is the number of the last required step before this one;
    None: the step before. `after`, of a value taken at a step: only steps after that one have a
    conversion, since whoever has the value got so far (31: no step has).

    Where entries are counted they cluster by entity. `clusters`: entities with an entry in the
    base; of the base's entries of each, m are all, x reached this step and prev the previous
    required one; then the sums of x², x m, m², x prev and prev² over the clusters. None: each of
    those counted stands for itself.
    """

    funnel: str
    breakdown: str | None
    value: str | None
    step: int
    step_name: str
    entered: int
    reached: int
    open: int | None = None
    lost: int | None = None
    matured: int | None = None
    matured_reached: int | None = None
    median_us: float | None = None
    p25_us: float | None = None
    p75_us: float | None = None
    p90_us: float | None = None
    is_optional: bool = False
    previous_step: int | None = None
    after: int | None = None
    clusters: int | None = None
    sum_x2: int | None = None
    sum_xm: int | None = None
    sum_m2: int | None = None
    sum_xprev: int | None = None
    sum_prev2: int | None = None

    @property
    def base(self) -> int:
        """Whom conversion is taken of: the matured, or everybody who entered."""
        return self.entered if self.matured is None else self.matured

    @property
    def done(self) -> int:
        """Who of the base reached this step."""
        return self.reached if self.matured_reached is None else self.matured_reached

    def clustered(self) -> Clusters | None:
        """The base's entries by entity; None when each of those counted stands for itself."""
        return self._clusters(self.base, self.sum_xm, self.sum_m2)

    def conversion(self) -> Interval:
        """Who of the base reached this step, with its 95 % interval."""
        return share_of(self.done, self.base, self.clustered())

    def conversion_from(self, before: "StepCounts") -> Interval:
        """Who of those at the step `before`, the previous required one, reached this step."""
        clusters = self._clusters(before.done, self.sum_xprev, self.sum_prev2)
        return share_of(self.done, before.done, clusters)

    def _clusters(self, base: int, sum_xm: int | None, sum_m2: int | None) -> Clusters | None:
        if self.clusters is None:
            return None
        if self.sum_x2 is None or sum_xm is None or sum_m2 is None:
            raise ValueError(f"sums over {self.clusters} clusters of {self.step_name} are missing.")
        return Clusters(self.clusters, self.done, base, self.sum_x2, sum_xm, sum_m2)


def share_of(done: int, base: int, clusters: Clusters | None) -> Interval:
    """The share of the base that is done: Wilson, on the effective number where it clusters."""
    return wilson(done, base) if clusters is None else clustered_wilson(clusters)


class PeriodCounts(NamedTuple):
    """StepCounts of the entities that first entered in one period (its first day, ISO)."""

    period: str
    counts: StepCounts


def step_rows(
    counts: Sequence[StepCounts],
    *,
    entities: str = "entities",
    window: str | None = None,
    meta: Mapping[str, Any] | None = None,
) -> Table:
    """Funnel rows with conversions, 95 % Wilson intervals and times, headline and notes.

    One row per item of `counts`, in their order; a group's steps must stand together, ascending
    from 1. `entities` is the plural of what is counted, `window` its length in words ("14 days").
    Conversion is null when nothing has matured; on step 1 it is 1 by definition, without interval.
    Optional steps convert from the required step before them and are no part of the headline.
    Raises ValueError for steps out of order.
    """
    rows = [row for group in _groups(counts) for row in _group_rows(group)]
    totals = [group for group in _groups(counts) if group[0].breakdown is None]
    return Table(
        columns=STEP_COLUMNS,
        rows=tuple(rows),
        meta=meta or {},
        headline=labelled([(each[0].funnel, funnel_headline(each, entities)) for each in totals]),
        notes=(*_notes(totals, entities, window), *_median_notes(counts)),
    )


def trend_table(
    counts: Sequence[PeriodCounts],
    *,
    entities: str = "entities",
    window: str | None = None,
    meta: Mapping[str, Any] | None = None,
) -> Table:
    """Funnel rows by cohort: step_rows' columns, then `period` and `period_state`.

    One row per item of `counts`, in their order; each period's groups as in `step_rows`. States are
    those of `period_state`. The headline speaks of the last step of cohorts that are mature.
    """
    rows: list[tuple[Value, ...]] = []
    finals: list[tuple[str, StepCounts]] = []
    for period, members in groupby(counts, key=lambda each: each.period):
        for group in _groups([member.counts for member in members]):
            state = period_state(group[0])
            rows += [(*row, period, state) for row in _group_rows(group)]
            if group[0].breakdown is None:
                finals.append((period, group[-1]))
    return Table(
        columns=TREND_COLUMNS,
        rows=tuple(rows),
        meta=meta or {},
        headline=_trend_headline(finals),
        notes=(
            *_trend_notes(finals, entities, window),
            *_median_notes([each.counts for each in counts], by_group=True),
        ),
    )


def period_state(first: StepCounts) -> str:
    """`mature` when every entrant's window has closed, `open` when none has, else `partial`.

    Without a window there is nothing to wait for: `mature`.
    """
    if first.matured is None or first.matured == first.entered:
        return "mature"
    return "open" if first.matured == 0 else "partial"


def funnel_headline(steps: Sequence[StepCounts], entities: str = "entities") -> str:
    """One group's finding in a sentence: who finishes, and where most are lost."""
    first, last = steps[0], steps[-1]
    if first.entered == 0:
        return f"No {entities} entered."
    if first.base == 0:
        return (
            f"No window has closed yet: of {many(first.entered, entities)}, "
            f"{last.reached:,} finished so far."
        )
    closed = "" if first.matured is None else " whose window has closed"
    rate = last.conversion()
    verb = "finishes" if last.done == 1 else "finish"
    finding = f"Of {many(first.base, entities)}{closed}, {last.done:,} {verb} ({in_words(rate)})"
    return f"{finding}; {_largest_loss(steps)}."


def largest_loss(steps: Sequence[StepCounts]) -> tuple[StepCounts, StepCounts] | None:
    """The required step that most of the base did not reach, behind the one before it.

    The earliest of equals; None when nobody is lost.
    """
    pairs = pairwise(step for step in steps if not step.is_optional)
    worst = max(pairs, key=lambda pair: pair[0].done - pair[1].done)
    return worst if worst[0].done > worst[1].done else None


def _largest_loss(steps: Sequence[StepCounts]) -> str:
    found = largest_loss(steps)
    if found is None:
        return "none is lost on the way"
    before, after = found
    lost = before.done - after.done
    share = percent(lost / before.done)
    where = f"before {after.step_name}"
    if after.step_name == f"any {after.step} of {len(steps)}":  # a number of steps, of any order
        where = f"between {before.step} and {after.step} of {len(steps)} steps"
    return f"the largest loss is {where}: {lost:,} of {before.done:,} ({share})"


def _notes(
    totals: Sequence[Sequence[StepCounts]], entities: str, window: str | None
) -> tuple[str, ...]:
    notes: list[str] = []
    for steps in totals:
        prefix = f"{steps[0].funnel}: " if len(totals) > 1 else ""
        notes += [prefix + note for note in _group_notes(steps, entities, window)]
    return tuple(notes)


def _median_notes(counts: Sequence[StepCounts], by_group: bool = False) -> tuple[str, ...]:
    """What the median is of, where there is one: a line a group shows that of its last step."""
    if not any(each.median_us is not None for each in counts):
        return ()
    last = max(counts, key=lambda each: each.step)
    if by_group or any(each.breakdown for each in counts):
        return (f"Median: to {last.step_name} from the step before, not from the entry.",)
    return ("Median: from the step before.",)


def _group_notes(steps: Sequence[StepCounts], entities: str, window: str | None) -> Iterable[str]:
    yield from _window_notes(steps, entities, window)
    clusters = steps[-1].clustered()
    if clusters is not None and clusters.sum_m > 0:
        yield (
            f"Intervals are clustered: the {many(clusters.sum_m, entities)} come from "
            f"{many(clusters.clusters, 'entities')} (design effect {clusters.design_effect:.1f} "
            "at the last step)."
        )


def _window_notes(steps: Sequence[StepCounts], entities: str, window: str | None) -> Iterable[str]:
    first = steps[0]
    if first.matured is None:
        yield NO_WINDOW
        return
    if window is not None:
        yield f"Window: {window} from the entry, inclusive."
    waiting = first.entered - first.matured
    if waiting:
        still = sum(step.open or 0 for step in steps)
        yield (
            f"Still open: the window of {waiting:,} of {many(first.entered, entities)} closes "
            f"after the end of the data; {still:,} may yet go further."
            + (
                f" Conversions count the {first.matured:,} whose window has closed."
                if first.matured
                else ""
            )
        )


def _trend_headline(finals: Sequence[tuple[str, StepCounts]]) -> str:
    rates = [
        (last.done / last.base, period)
        for period, last in finals
        if last.base and period_state(last) == "mature"
    ]
    if not rates:
        return "No cohort is mature yet." if finals else ""
    (low, low_period), (high, high_period) = min(rates), max(rates)
    cohorts = f"{len(rates)} of {len(finals)} cohorts are mature"
    span = f"from {percent(low)} ({low_period}) to {percent(high)} ({high_period})"
    windowless = finals[0][1].matured is None
    if len(rates) == 1:
        which = "The only cohort" if windowless else f"1 of {len(finals)} cohorts is mature"
        return f"{which}: {percent(low)} finish ({low_period})."
    if windowless:
        return f"Conversion of {len(rates)} cohorts ranges {span}."
    return f"{cohorts}; of these, conversion ranges {span}."


def _trend_notes(
    finals: Sequence[tuple[str, StepCounts]], entities: str, window: str | None
) -> tuple[str, ...]:
    notes = []
    if any(last.clusters is not None for _, last in finals):
        notes.append(f"Intervals are clustered: several {entities} may come from one entity.")
    if any(last.matured is None for _, last in finals):
        return (NO_WINDOW, *notes)
    if window:
        notes.insert(0, f"Window: {window} from the entry, inclusive.")
    immature = [period for period, last in finals if period_state(last) != "mature"]
    if immature:
        notes.append(
            f"Not mature: {len(immature)} of {len(finals)} cohorts, the first {min(immature)}; "
            f"their conversions count only the {entities} whose window has closed."
        )
    return tuple(notes)


def _group_rows(steps: Sequence[StepCounts]) -> Iterable[tuple[Value, ...]]:
    if [each.step for each in steps] != list(range(1, len(steps) + 1)):
        found = ", ".join(str(each.step) for each in steps)
        raise ValueError(f"steps of {steps[0].funnel} are {found}, must be 1, 2, 3, …")
    for step in steps:
        conversion, step_conversion = _conversions(step, steps)
        yield _row(step, conversion, step_conversion)


def _conversions(step: StepCounts, steps: Sequence[StepCounts]) -> tuple[Interval, Interval]:
    """Of the base and of the previous required step, where this step has them."""
    if step.after is not None and step.step <= step.after:
        return NOTHING, NOTHING
    if step.step == 1:
        return Interval(1.0, None, None) if step.base else NOTHING, NOTHING
    before = steps[(step.previous_step or step.step - 1) - 1]
    return step.conversion(), step.conversion_from(before)


def _row(step: StepCounts, conversion: Interval, step_conversion: Interval) -> tuple[Value, ...]:
    times = (step.median_us, step.p25_us, step.p75_us, step.p90_us)
    return (
        *step[:11],
        *conversion,
        *step_conversion,
        *(None if us is None else float(us) / 1e6 for us in times),
    )


def _groups(counts: Iterable[StepCounts]) -> list[list[StepCounts]]:
    return [list(group) for _, group in groupby(counts, key=lambda each: each[:3])]


def labelled(sentences: Sequence[tuple[str, str]]) -> str:
    """Sentences of funnels, each with its name before it; a single one is alone."""
    if len(sentences) == 1:
        return sentences[0][1]
    return "\n".join(f"{name}: {sentence}" for name, sentence in sentences)


def in_words(rate: Interval) -> str:
    """A share with its interval: `14.2 %, 95 % interval 12.4–16.4 %`. ValueError if it is None."""
    if rate.estimate is None or rate.lo is None or rate.hi is None:
        raise ValueError("an interval of nothing has no words.")
    limits = f"{percent(rate.lo).removesuffix(' %')}–{percent(rate.hi)}"
    return f"{percent(rate.estimate)}, 95 % interval {limits}"


def many(count: int, entities: str) -> str:
    """A number of what is counted: `3 users`, `1 entity`, `1 attempt of users`."""
    if count != 1:
        return f"{count:,} {entities}"
    what, of, whose = entities.partition(" of ")
    one = what[:-3] + "y" if what.endswith("ies") else what.removesuffix("s")
    return f"1 {one}{of}{whose}"
