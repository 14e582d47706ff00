"""Who reached a declared aha moment, and when: from the marts' counts to rows and sentences.

Pure functions, no database. With F the time for which an entrant was seen, A the time to the aha
moment and W its window, the headline is the matured reach: those with A < W of those with F >= W.
Never those who reached it of those who matured or reached it early: the early are there because
they reached it. Kaplan-Meier reach and the bounds stand beside it (`aha`, "Reach").
"""

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from funnelkit.stats.arrivals import Arrivals, Times, columns, in_days
from funnelkit.stats.funnels import in_words, many
from funnelkit.stats.proportions import NOTHING, Interval, newcombe, wilson
from funnelkit.stats.reach_words import (
    led_notes,
    reach_headline,
    reach_notes,
    times_headline,
)
from funnelkit.table import Column, Table, Value, percent

FINAL_FROM = 0.8  # of the entrants have matured: what the others do moves the reach little

REACH_COLUMNS = (
    Column("aha"),
    Column("cohort", "date"),
    Column("breakdown"),
    Column("value"),
    Column("entrants", "count"),
    Column("matured", "count"),
    Column("reached", "count"),
    Column("reach", "share"),
    Column("reach_lo", "share"),
    Column("reach_hi", "share"),
    Column("km_reach", "share"),
    Column("km_lo", "share"),
    Column("km_hi", "share"),
    Column("bound_lo", "share"),
    Column("bound_hi", "share"),
    Column("state"),
    Column("median_days", "number"),
    Column("median_lo", "number"),
    Column("median_hi", "number"),
    Column("reached_so_far", "count"),
    Column("open", "count"),
    Column("not_reached", "count"),
)
TIMES_COLUMNS = (
    Column("aha"),
    Column("seconds", "seconds"),
    Column("reached_share", "share"),
    Column("lo", "share"),
    Column("hi", "share"),
    Column("at_risk", "count"),
)
STUCK_COLUMNS = (
    Column("aha"),
    Column("step", "count"),
    Column("step_name"),
    Column("next_event"),
    Column("entities", "count"),
    Column("share", "share"),
    Column("share_lo", "share"),
    Column("share_hi", "share"),
)
NOTHING_MORE = "(nothing more)"


class ReachCounts(NamedTuple):
    """What the marts count for an aha moment, of everybody, an entry week or a breakdown's value.

    `cohort` (its Monday, ISO), `breakdown` and `value` are None for everybody. `matured`: seen for
    the whole window; `matured_reached`: of these, who reached it. `reached`, `open` and
    `not_reached` are of all `entrants` and add up to them: reached so far, not yet with time left,
    not within the window. `times` are those of this very group.
    """

    aha: str
    cohort: str | None
    breakdown: str | None
    value: str | None
    entrants: int
    matured: int
    matured_reached: int
    reached: int
    open: int
    not_reached: int
    times: Times = ()

    @property
    def is_everybody(self) -> bool:
        """Whether this is no part of the entrants, but all of them."""
        return self.cohort is None and self.breakdown is None

    @property
    def reach(self) -> Interval:
        """The matured reach, with its 95 % Wilson interval."""
        return wilson(self.matured_reached, self.matured)

    @property
    def bounds(self) -> Interval:
        """Of all entrants: who reached it so far, and who will have if all the open ones do."""
        if not self.entrants:
            return NOTHING
        return Interval(
            None, self.reached / self.entrants, (self.reached + self.open) / self.entrants
        )

    @property
    def state(self) -> str | None:
        """`final` when at least 80 % of the entrants have matured, else `provisional`."""
        if not self.entrants:
            return None
        return "final" if self.matured >= FINAL_FROM * self.entrants else "provisional"


class Led(NamedTuple):
    """Whether reaching an aha moment goes with its outcome: both groups, of whom it is known.

    `happened` of the `reachers` and of the `others` had the outcome; `waiting`: entrants whose
    outcome window is still open; `ineligible`: who had converted before it began. `since`: the
    day from which entrants count, the declaration's; None: all.
    """

    outcome: str
    since: str | None
    reachers: int
    reachers_happened: int
    others: int
    others_happened: int
    waiting: int = 0
    ineligible: int = 0

    @property
    def difference(self) -> Interval:
        """Reachers less others, Newcombe's 95 % interval."""
        return newcombe(self.reachers_happened, self.reachers, self.others_happened, self.others)


class Stuck(NamedTuple):
    """Matured entrants that did not reach it: the last step they got to, and what came next.

    `step` and `step_name` are None without a funnel, `next_event` where nothing came.
    """

    aha: str
    step: int | None
    step_name: str | None
    next_event: str | None
    entities: int


def joined(
    counts: Sequence[ReachCounts], cohort: str | None = None, value: str | None = None
) -> ReachCounts:
    """Disjoint groups as one. Raises ValueError for none."""
    if not counts:
        raise ValueError("no group to join.")
    first = counts[0]
    return ReachCounts(
        first.aha,
        cohort,
        first.breakdown if value is not None else None,
        value,
        entrants=sum(each.entrants for each in counts),
        matured=sum(each.matured for each in counts),
        matured_reached=sum(each.matured_reached for each in counts),
        reached=sum(each.reached for each in counts),
        open=sum(each.open for each in counts),
        not_reached=sum(each.not_reached for each in counts),
        times=tuple(time for each in counts for time in each.times),
    )


def reach_table(
    counts: Sequence[ReachCounts],
    *,
    window_us: int,
    window: str,
    entities: str = "entities",
    led: Led | None = None,
    mixed_p: float | None = None,
    meta: Mapping[str, Any] | None = None,
) -> Table:
    """Reach of an aha moment: matured (Wilson), Kaplan-Meier, bounds, state and the median time.

    One row per item of `counts`, in their order; those of everybody give the headline and notes.
    `window` is its length in words, `mixed_p` what `log_rank_of_halves` gave. The median is in
    days and of all entrants, null where the curve never gets there; its interval may be open to
    either side. Shares are null where there is nobody to take them of.
    """
    curves = [Arrivals(each.times, window_us) for each in counts]
    rows = tuple(_row(each, times) for each, times in zip(counts, curves, strict=True))
    total = next((at for at, each in enumerate(counts) if each.is_everybody), None)
    if total is None:
        return Table(REACH_COLUMNS, rows, meta or {})
    told, times = counts[total], curves[total]
    return Table(
        REACH_COLUMNS,
        rows,
        {**(meta or {}), **times.figures(), **_figures(mixed_p, led)},
        reach_headline(told, entities, window),
        (
            *(led_notes(led, told.aha, entities) if led else ()),
            *reach_notes(told, times, entities, window, mixed_p),
        ),
    )


def _row(each: ReachCounts, times: Arrivals) -> tuple[Value, ...]:
    return (
        *each[:4],
        each.entrants,
        each.matured,
        each.matured_reached,
        *each.reach,
        *times.within,
        *each.bounds[1:],
        each.state,
        *map(in_days, times.quantile(0.5)),
        each.reached,
        each.open,
        each.not_reached,
    )


def _figures(mixed_p: float | None, led: Led | None) -> dict[str, Any]:
    figures: dict[str, Any] = {}
    if mixed_p is not None:
        figures["older_newer_p"] = round(mixed_p, 6)
    if led is not None:
        limits = (None if each is None else round(each, 6) for each in led.difference)
        difference = dict(zip(("difference", "lo", "hi"), limits, strict=True))
        figures["outcome"] = {**led._asdict(), **difference, "label": "association"}
    return figures


def log_rank_of_halves(cohorts: Sequence[ReachCounts]) -> float | None:
    """p of "the older half of the entry weeks reaches it as fast as the newer"; None if untold.

    Of an odd number of weeks the middle one is with the older. Below 0.05 a curve over all cohorts
    mixes different ones.
    """
    from funnelkit.stats.survival import log_rank

    ordered = sorted(cohorts, key=lambda each: each.cohort or "")
    middle = (len(ordered) + 1) // 2
    halves = [joined(half).times for half in (ordered[:middle], ordered[middle:]) if half]
    if len(halves) < 2 or not all(halves):
        return None
    older, newer = halves
    return log_rank(*columns(older), *columns(newer))


def reach_times(
    total: ReachCounts,
    *,
    window_us: int,
    window: str,
    entities: str = "entities",
    meta: Mapping[str, Any] | None = None,
) -> Table:
    """The time-to-aha curve: share of entrants that reached it by `seconds` from their entry.

    Rows, limits and `at_risk` as those of `times_table`. The quartiles are of the entrants, never
    of those who reached it: a median of reachers is short because the slow are not among them.
    """
    from funnelkit.stats.times import curve_rows

    times = Arrivals(total.times, window_us)
    return Table(
        TIMES_COLUMNS,
        tuple((total.aha, *row) for row in curve_rows(times.curve)),
        {**(meta or {}), **times.figures()},
        times_headline(total.aha, times, entities, window),
        (
            f"Share of {entities}, 1 - Kaplan-Meier from the entry: those still open count for as "
            "long as they were seen. The matured reach stays the headline figure.",
        ),
    )


def stuck_table(
    rows: Sequence[Stuck],
    *,
    total: ReachCounts,
    window: str,
    entities: str = "entities",
    meta: Mapping[str, Any] | None = None,
) -> Table:
    """How far the matured that did not reach it got, and their next event: most first.

    `share` is of all matured that did not reach it, with 95 % Wilson limits; rows add up to them.
    """
    missing = total.matured - total.matured_reached
    ordered = sorted(rows, key=lambda each: (-each.entities, each.step or 0, each.next_event or ""))
    return Table(
        STUCK_COLUMNS,
        tuple(
            (
                *each[:3],
                each.next_event or NOTHING_MORE,
                each.entities,
                *wilson(each.entities, missing),
            )
            for each in ordered
        ),
        meta or {},
        _stuck_headline(ordered, total.aha, missing, entities, window),
        _stuck_notes(ordered),
    )


def _stuck_notes(rows: Sequence[Stuck]) -> tuple[str, ...]:
    if not rows:
        return ()
    staged = any(each.step is not None for each in rows)
    after = "the one that took them to the step" if staged else "the entry"
    return (
        f"Next: the very next event within the window, after {after}. Those whose window is still "
        "open are left out.",
    )


def _stuck_headline(
    rows: Sequence[Stuck], aha: str, missing: int, entities: str, window: str
) -> str:
    if not rows:
        return f"No {entities} whose {window} have passed failed to reach {aha}."
    furthest = _furthest(rows, missing)
    told = f"Of {many(missing, entities)} that did not reach {aha} in {window},{furthest} "
    first = next((each for each in rows if each.next_event is not None), None)
    if first is None:
        return f"{told}none did anything more in that time."
    at = f" after {first.step_name}" if first.step_name else ""
    rate = in_words(wilson(first.entities, missing))
    still = sum(each.entities for each in rows if each.next_event is None)
    return (
        f"{told}{f'{still:,} did nothing more; else, ' * bool(still)}what came next most often was "
        f"{first.next_event}{at}: {first.entities:,} of all {missing:,} ({rate})."
    )


def _furthest(rows: Sequence[Stuck], missing: int) -> str:
    """The step that most of them had got to when the window closed; it may be the last."""
    by_step: dict[tuple[int, str], int] = {}
    for each in rows:
        if each.step is not None and each.step_name is not None:
            key = (each.step, each.step_name)
            by_step[key] = by_step.get(key, 0) + each.entities
    if not by_step:
        return ""
    (_, name), count = max(by_step.items(), key=lambda item: (item[1], -item[0][0]))
    return f" the largest group, {count:,} ({percent(count / missing)}), stood at {name}, and"
