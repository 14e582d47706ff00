"""What is said of an aha moment's reach: the finding in a sentence, and what stands beside it."""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from funnelkit.stats import arrivals
from funnelkit.stats.funnels import in_words, many
from funnelkit.stats.proportions import Interval, wilson
from funnelkit.table import percent, shown

if TYPE_CHECKING:
    from funnelkit.stats.arrivals import Arrivals
    from funnelkit.stats.reach import Led, ReachCounts

MIXED = 0.05


def reach_headline(total: "ReachCounts", entities: str, window: str) -> str:
    """The matured reach in a sentence that stays right when it is repeated."""
    if not total.entrants:
        return f"No {entities} entered."
    if not total.matured:
        return (
            f"Nobody's {window} have passed yet: of {many(total.entrants, entities)}, "
            f"{total.reached:,} reached {total.aha} so far."
        )
    more = f"; {total.open:,} more still {_have(total.open)} time" if total.open else ""
    return (
        f"{total.matured_reached:,} of {many(total.matured, entities)} whose {window} have passed "
        f"reached {total.aha} ({in_words(total.reach)}){more}."
    )


def _have(count: int) -> str:
    return "has" if count == 1 else "have"


def led_sentence(led: "Led", aha: str, entities: str) -> str:
    """What the aha moment goes with, in a sentence; empty where there is nobody to tell it of."""
    if not led.reachers or not led.others:
        return ""
    reachers = in_words(wilson(led.reachers_happened, led.reachers))
    others = in_words(wilson(led.others_happened, led.others))
    since = f", entered since {led.since}" if led.since else ""
    return (
        f"{led.outcome} holds for {led.reachers_happened:,} of {many(led.reachers, entities)} "
        f"that reached {aha} ({reachers}) and for {led.others_happened:,} of the {led.others:,} "
        f"others ({others}){since}: {_points(led.difference)}. "
        "Reaching it goes with the outcome; that it causes it is not shown"
        + (", and it may have been found in these very entrants." if led.since is None else ".")
    )


def _points(difference: Interval) -> str:
    """A difference with its interval: `+12.1 pp, 95 % interval +8.0 to +16.2 pp`."""
    estimate, lo, hi = (shown(each, "points") for each in difference)
    return f"{estimate}, 95 % interval {lo.removesuffix(' pp')} to {hi}"


def reach_notes(
    total: "ReachCounts", times: "Arrivals", entities: str, window: str, mixed_p: float | None
) -> Iterable[str]:
    """Of whom the reach is, what the open ones may change, and how long it takes."""
    if not total.entrants:
        return
    yield (
        f"The reach is {total.state}: the {window} of {total.matured:,} of "
        f"{many(total.entrants, entities)} ({percent(total.matured / total.entrants)}) have passed."
    )
    early = total.reached - total.matured_reached
    if early:
        yield (
            f"{early:,} more reached it already, but their {window} are not over: they are not in "
            "the reach, since those as young who will not reach it are not in it either."
        )
    if total.open:
        yield from _open_notes(total, times, entities)
    if total.open and mixed_p is not None and mixed_p < MIXED:
        yield (
            "KM mixes cohorts: newer entry weeks differ from older ones (log-rank p "
            f"{'' if mixed_p < 0.001 else '= '}{shown(mixed_p, 'p')}); read them by cohort."
        )
    yield _time_note(times, entities, window)


def _open_notes(total: "ReachCounts", times: "Arrivals", entities: str) -> Iterable[str]:
    km, (_, lo, hi) = times.within, total.bounds
    if km.estimate is not None:
        told = percent(km.estimate) if km.lo is None or km.hi is None else in_words(km)
        yield f"Kaplan-Meier, with the open ones for as long as they were seen: {told}."
    yield (
        f"Whatever the open ones do, the reach of all {many(total.entrants, entities)} will lie "
        f"between {percent(lo or 0.0)} and {percent(hi or 0.0)}."
    )


def _time_note(times: "Arrivals", entities: str, window: str) -> str:
    shares = [(day, share.estimate) for day, share in times.by_day()]
    known = [f"{percent(share)} by day {day}" for day, share in shares if share is not None]
    by_day = f" Reached: {', '.join(known)}." if known else ""
    parts = (("a quarter", 0.25), ("half", 0.5), ("three quarters", 0.75))
    found = [(part, times.quantile(share)) for part, share in parts]
    there = [f"{part} by {arrivals.in_words(at)}" for part, at in found if at[0] is not None]
    missed = [part for part, at in found if at[0] is None]
    if missed:
        there.append(f"fewer than {missed[0]} within {window}")
    return f"Time to it, of all {entities}: {', '.join(there)}.{by_day}"


def times_headline(aha: str, times: "Arrivals", entities: str, window: str) -> str:
    """By when half of all reach it; where they do not, how many do."""
    if times.is_empty:
        return f"No {entities} entered."
    final, half = times.within.estimate, times.quantile(0.5)
    if half[0] is not None:
        rest = "" if final is None else f", {percent(final)} within {window}"
        return f"Half of the {entities} reach {aha} by {arrivals.in_words(half)}{rest}."
    if final is None:
        return f"Nobody was seen for {window} yet; fewer than half reached {aha} so far."
    return (
        f"{percent(final)} of {entities} reach {aha} within {window}: fewer than half, so there is "
        "no median."
    )


def led_notes(led: "Led", aha: str, entities: str) -> Iterable[str]:
    """What it goes with, who is not in the comparison, what no date of declaration does to it."""
    told = led_sentence(led, aha, entities)
    if told:
        yield told
    left = [
        f"{led.waiting:,} whose outcome window is still open" if led.waiting else "",
        f"{led.ineligible:,} that had converted before it began" if led.ineligible else "",
    ]
    if any(left):
        yield f"Not in the comparison by {led.outcome}: {' and '.join(filter(None, left))}."
    if led.since is not None and not led.reachers + led.others + led.waiting + led.ineligible:
        yield (
            f"Nobody entered since {led.since}, when {aha} was declared: {led.outcome} is not "
            "compared."
        )
    if told and led.since is None:
        yield (
            f"{aha} has no declared_on: if a search found it in these entrants, that flatters "
            "the difference. With a date only those who entered since then count."
        )
