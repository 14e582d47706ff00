"""Who comes back in which week after the entry: from the marts' counts to rows and a sentence.

Week w is [entry + 7 w days, entry + 7 (w + 1) days). An entrant counts in a week once that week is
over for it, whether it came back or not: matured cells only.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from funnelkit.stats.funnels import in_words, many
from funnelkit.stats.proportions import Interval, wilson
from funnelkit.table import Column, Table, Value, percent

RETENTION_COLUMNS = (
    Column("outcome"),
    Column("cohort", "date"),
    Column("breakdown"),
    Column("value"),
    Column("week", "count"),
    Column("matured", "count"),
    Column("retained", "count"),
    Column("retention", "share"),
    Column("retention_lo", "share"),
    Column("retention_hi", "share"),
    Column("entrants", "count"),
)
_AHA = "aha:"  # what a breakdown by an aha moment begins with
_WEEK_US = 7 * 86_400_000_000
_TOLD_FROM = 0.5  # of the entrants have matured: the last week that a headline speaks of


class RetentionCounts(NamedTuple):
    """What the marts count in a week after the entry, of an entry week, or of all (None).

    `cohort`: the Monday of the entry week, ISO. `breakdown` and `value` are None for everybody.
    `week`: from 0. `matured` of the `entrants` have the whole week behind them; `retained` of these
    had one of the outcome's events in it.
    """

    outcome: str
    cohort: str | None
    breakdown: str | None
    value: str | None
    week: int
    entrants: int
    matured: int
    retained: int

    @property
    def retention(self) -> Interval:
        """retained / matured, with its 95 % Wilson interval."""
        return wilson(self.retained, self.matured)


def all_cohorts(counts: Sequence[RetentionCounts]) -> list[RetentionCounts]:
    """The cohorts of each value together, week by week, values in their order.

    `entrants` are those of the cohorts that have the week; only matured cells add to the others.
    """
    found: dict[tuple[str | None, int], RetentionCounts] = {}
    order: dict[str | None, int] = {}
    for each in counts:
        order.setdefault(each.value, len(order))
        key = (each.value, each.week)
        before = found.get(key, each._replace(cohort=None, entrants=0, matured=0, retained=0))
        found[key] = before._replace(
            entrants=before.entrants + each.entrants,
            matured=before.matured + each.matured,
            retained=before.retained + each.retained,
        )
    return sorted(found.values(), key=lambda each: (order[each.value], each.week))


def retention_table(
    counts: Sequence[RetentionCounts],
    *,
    cohorts: bool = True,
    own_week: int | None = None,
    events: str = "",
    entities: str = "entities",
    meta: Mapping[str, Any] | None = None,
) -> Table:
    """Retention by week: all cohorts together, then (`cohorts`) each of them, with 95 % Wilson.

    `counts` are by cohort, of everybody or of the values of one breakdown, in the order of the
    values. Cells in which nobody has matured are left out. `own_week`: the one that the outcome
    itself asks for (`week_of`); the headline tells it where it is known. `events`: what came back
    means, in words.
    """
    together = all_cohorts(counts)
    ordered = sorted(counts, key=lambda each: each.cohort or "") if cohorts else []
    rows = [_row(each) for each in (*together, *ordered) if each.matured]
    return Table(
        RETENTION_COLUMNS,
        tuple(rows),
        meta or {},
        _headline(together, entities, own_week),
        tuple(_notes(together, counts, entities, own_week, events)),
    )


def _row(each: RetentionCounts) -> tuple[Value, ...]:
    return (*each[:5], each.matured, each.retained, *each.retention, each.entrants)


def days_of(week: int) -> str:
    """The days after the entry that a week is made of: `days 21–27` for week 3."""
    return f"days {7 * week}–{7 * week + 6}"


def week_of(after_us: int, within_us: int, at_least: int) -> int | None:
    """The week that is just what an outcome asks for, in microseconds after the entry, or None.

    `21 days, within 7 days` is week 3: weeks are counted from 0. Retention asks for one event a
    week: an outcome of more is no week of it.
    """
    if at_least != 1:
        return None
    return after_us // _WEEK_US if within_us == _WEEK_US and after_us % _WEEK_US == 0 else None


def _headline(together: Sequence[RetentionCounts], entities: str, own: int | None) -> str:
    known = [each for each in together if each.matured]
    if not known:
        return f"No {entities} that count here have a whole week behind them."
    week = _told_week(known, own)
    if known[0].breakdown is None:
        return _of_everybody(known, week, entities)
    return _of_values(known, week, entities)


def told_week(counts: Sequence[RetentionCounts], own: int | None) -> int | None:
    """The week that the headline of these counts tells; None where nobody has a whole one."""
    known = [each for each in all_cohorts(counts) if each.matured]
    return _told_week(known, own) if known else None


def _told_week(known: Sequence[RetentionCounts], own: int | None) -> int:
    """The outcome's own week; else the latest that half of every value's entrants have had."""
    told = {each.value for each in known if each.week == own}
    if own is not None and told == set(_values(known)):
        return own
    most = {value: max(e.entrants for e in known if e.value == value) for value in _values(known)}
    enough = [
        {each.week for each in known if each.value == value and each.matured >= _TOLD_FROM * size}
        for value, size in most.items()
    ]
    common = set.intersection(*enough) if enough else set()
    return max(common, default=known[0].week)


def _values(known: Iterable[RetentionCounts]) -> list[str | None]:
    return list(dict.fromkeys(each.value for each in known))


def _of_everybody(known: Sequence[RetentionCounts], week: int, entities: str) -> str:
    told = next(each for each in known if each.week == week)
    first = next((each for each in known if each.week == 1), None)
    after = ""
    if first is not None and week > 1:
        share = percent(first.retained / first.matured)
        after = f"; in week 1 it was {share} of {first.matured:,}"
    return (
        f"{told.retained:,} of {many(told.matured, entities)} ({in_words(told.retention)}) came "
        f"back in week {week} ({days_of(week)} after the entry){after}."
    )


def _of_values(known: Sequence[RetentionCounts], week: int, entities: str) -> str:
    told = [each for each in known if each.week == week]
    when = f"in week {week} ({days_of(week)} after the entry)"
    named = _named(known[0].breakdown)
    if str(known[0].breakdown).startswith(_AHA):
        whose = {"reached": f"of {entities} that reached {named}", "not reached": "of the others"}
        shares = [f"{_share(each)} {whose.get(str(each.value), each.value)}" for each in told]
        return f"Came back {when}: {', '.join(shares)}."
    if len(told) == 1:
        return f"Came back {when}: {_share(told[0])} of {named} {told[0].value}."
    ranked = sorted(told, key=lambda each: (each.retained / each.matured, str(each.value)))
    return (
        f"By {named}, the share of {entities} that came back {when} goes from "
        f"{_share(ranked[0])} of {ranked[0].value} to {_share(ranked[-1])} of {ranked[-1].value}."
    )


def _share(each: RetentionCounts) -> str:
    _, lo, hi = each.retention
    limits = f"{percent(lo or 0.0).removesuffix(' %')}–{percent(hi or 0.0)}"
    share = percent(each.retained / each.matured)
    return f"{share} (95 % interval {limits}, n = {each.matured:,})"


def _named(breakdown: str | None) -> str:
    return str(breakdown).removeprefix(_AHA)


def _notes(
    together: Sequence[RetentionCounts],
    counts: Sequence[RetentionCounts],
    entities: str,
    own: int | None,
    events: str,
) -> Iterable[str]:
    known = [each for each in together if each.matured]
    if not known:
        return
    if events:
        yield f"Came back: {events}."
    yield (
        "Week 0 is the first seven days from the entry, week 3 days 21–27. A week counts the "
        f"{entities} that have all of it behind them."
        + ("" if own is None else f" {known[0].outcome} itself is week {own}.")
    )
    if len({each.cohort for each in counts}) > 1:
        yield (
            "Later weeks are of older cohorts alone: from one week to the next the "
            f"{entities} differ too, so a rise can be a difference between cohorts."
        )
    if known[0].breakdown and not str(known[0].breakdown).startswith(_AHA):
        yield "Each value has its own interval; differences between them are not tested here."
    if str(known[0].breakdown).startswith(_AHA):
        yield (
            f"Who reached {_named(known[0].breakdown)} goes with who comes back; that reaching it "
            "brings them back is not shown. Weeks that begin before its window ends are left out."
        )
