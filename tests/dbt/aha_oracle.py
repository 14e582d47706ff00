"""Outcomes, aha moments, exposures and retention by plain loops over a list of events: no SQL, no
code of the project, every rule written out as docs and design say it.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

SECOND, HOUR, DAY, WEEK = 1_000_000, 3_600_000_000, 86_400_000_000, 604_800_000_000
LAST_WEEK = 52
_EPOCH = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)

Entity = Literal["user", "team"]
Match = Callable[["Happening"], bool]


class Happening(NamedTuple):
    """An event; `us` since 1970."""

    id: str
    user: str
    team: str | None
    name: str
    us: int
    item: str | None = None
    amount: int | None = None


class Clock(NamedTuple):
    """Whose time runs, and from the first of which events on."""

    name: str
    entity: Entity
    entry: Match


class Moment(NamedTuple):
    """`counted`: what makes an event a new one; None: each is."""

    name: str
    clock: Clock
    match: Match
    at_least: int
    within: int
    counted: Callable[[Happening], object] | None = None
    declared_on: dt.date | None = None
    steps: tuple[Match, ...] = ()


class Outcome(NamedTuple):
    """`amount_at_least`: of a sum; `steps` and `window`: of a funnel's conversion."""

    name: str
    after: int
    within: int
    match: Match | None = None
    at_least: int = 1
    amount_at_least: int | None = None
    steps: tuple[Match, ...] = ()
    window: int = 0
    negated: bool = False


class World(NamedTuple):
    """A log, up to when it was observed, and its calendar."""

    log: list[Happening]
    observed: int
    zone: ZoneInfo


def by_entity(world: World, entity: Entity) -> dict[str, list[Happening]]:
    """Seen events of every entity, in time."""
    found: dict[str, list[Happening]] = defaultdict(list)
    for event in sorted(world.log, key=lambda event: event.us):
        name = event.user if entity == "user" else event.team
        if name is not None:
            found[name].append(event)
    return found


def entrants(world: World, clock: Clock) -> dict[str, int]:
    """First entry of every entity that was seen to enter."""
    entries = {
        entity: [event.us for event in events if clock.entry(event)]
        for entity, events in by_entity(world, clock.entity).items()
    }
    return {
        entity: min(found)
        for entity, found in entries.items()
        if found and min(found) <= world.observed
    }


def local_day(world: World, us: int) -> dt.date:
    return (_EPOCH + dt.timedelta(microseconds=us)).astimezone(world.zone).date()


def cohort(world: World, us: int) -> dt.date:
    day = local_day(world, us)
    return day - dt.timedelta(days=day.weekday())


class Reached(NamedTuple):
    """A row of fct_aha_moments, without names."""

    occurrences: int
    reached_us: int | None
    seen_us: int
    is_mature: bool
    is_reached: bool
    is_after_declaration: bool
    cohort: dt.date
    last_step: int | None
    next_event: str | None


def reached(world: World, moment: Moment) -> dict[str, Reached]:
    logs = by_entity(world, moment.clock.entity)
    return {
        entity: _reached(world, moment, logs[entity], entry)
        for entity, entry in entrants(world, moment.clock).items()
    }


def _reached(world: World, moment: Moment, events: list[Happening], entry: int) -> Reached:
    window = [
        event
        for event in events
        if entry <= event.us < entry + moment.within and event.us <= world.observed
    ]
    seen: set[object] = set()
    times = []
    for event in window:
        what = moment.counted(event) if moment.counted else event.id
        if moment.match(event) and what is not None and what not in seen:
            seen.add(what)
            times.append(event.us - entry)
    is_reached = len(times) >= moment.at_least
    is_mature = world.observed - entry >= moment.within
    step, step_us = _furthest(moment.steps, window, entry)
    after = [(event.us, event.name) for event in window if event.us > step_us]
    return Reached(
        occurrences=len(times),
        reached_us=times[moment.at_least - 1] if is_reached else None,
        seen_us=min(max(world.observed - entry, 0), moment.within),
        is_mature=is_mature,
        is_reached=is_reached,
        is_after_declaration=moment.declared_on is None
        or local_day(world, entry) >= moment.declared_on,
        cohort=cohort(world, entry),
        last_step=step or None,
        next_event=min(after)[1] if after and is_mature and not is_reached else None,
    )


def _furthest(steps: Iterable[Match], window: list[Happening], entry: int) -> tuple[int, int]:
    """How many steps a chain from the entry took, each as early as it could, and when it got there.

    Steps match events of different names here, so of one instant both count.
    """
    at, done = entry, 0
    for step in steps:
        times = [event.us for event in window if event.us >= at and step(event)]
        if not times:
            break
        at, done = min(times), done + 1
    return done, at


class Happened(NamedTuple):
    """A row of fct_outcomes, without names."""

    is_eligible: bool
    is_mature: bool
    happened: bool
    happened_us: int | None


def happened(world: World, clock: Clock, outcome: Outcome) -> dict[str, Happened]:
    logs = by_entity(world, clock.entity)
    return {
        entity: _happened(world, outcome, logs[entity], entry)
        for entity, entry in entrants(world, clock).items()
    }


def _happened(world: World, outcome: Outcome, events: list[Happening], entry: int) -> Happened:
    begins, ends = entry + outcome.after, entry + outcome.after + outcome.within
    seen = [event for event in events if event.us <= world.observed]
    at = _conversion(outcome, seen) if outcome.steps else _instant(outcome, seen, begins, ends)
    came = at is not None and begins <= at < ends
    eligible = at is None or at >= begins
    mature = ends <= world.observed
    if outcome.negated:
        return Happened(eligible, mature, eligible and mature and not came, None)
    return Happened(eligible, mature, came, at - entry if at is not None and came else None)


def _instant(outcome: Outcome, seen: list[Happening], begins: int, ends: int) -> int | None:
    """When enough had come about in the interval; of a sum, the first time it was enough."""
    assert outcome.match is not None
    inside = [event for event in seen if begins <= event.us < ends and outcome.match(event)]
    if outcome.amount_at_least is None:
        enough = len(inside) >= outcome.at_least
        return inside[outcome.at_least - 1].us if enough else None
    amounts = [(event.us, event.amount) for event in inside if event.amount is not None]
    if not amounts or sum(amount for _, amount in amounts) < outcome.amount_at_least:
        return None
    return min(
        us
        for us, _ in amounts
        if sum(amount for at, amount in amounts if at <= us) >= outcome.amount_at_least
    )


def _conversion(outcome: Outcome, seen: list[Happening]) -> int | None:
    """When the entity converted in the outcome's own funnel, from its first entry there."""
    entries = [event.us for event in seen if outcome.steps[0](event)]
    if not entries:
        return None
    inside = [event for event in seen if entries[0] <= event.us <= entries[0] + outcome.window]
    done, at = _furthest(outcome.steps, inside, entries[0])
    return at if done == len(outcome.steps) else None


def exposures(
    world: World, clock: Clock, days: Iterable[int], alive: int
) -> dict[tuple[str, str], tuple[int, ...]]:
    """Entity and event to counts: in every exposure window, then in the time after the longest."""
    days = list(days)
    longest = days[-1] * DAY
    found: dict[tuple[str, str], list[int]] = {}
    logs = by_entity(world, clock.entity)
    for entity, entry in entrants(world, clock).items():
        for event in logs[entity]:
            since = event.us - entry
            if 0 <= since < longest + alive:
                counts = found.setdefault((entity, event.name), [0] * (len(days) + 1))
                for place, day in enumerate(days):
                    counts[place] += since < day * DAY
                counts[-1] += since >= longest
    return {key: tuple(counts) for key, counts in found.items()}


Cell = tuple[dt.date, str | None, str | None, int]


def retention(
    world: World, clock: Clock, match: Match, groups: dict[tuple[str, str, int], set[str]]
) -> dict[Cell, tuple[int, int, int]]:
    """Cohort, breakdown, value and week to entrants, matured and retained; cells with nobody
    matured are left out. `groups`: breakdown, value and the first week it is told for, to entities;
    all entrants come on top.
    """
    logs = by_entity(world, clock.entity)
    entries = entrants(world, clock)
    told: dict[Cell, tuple[int, int, int]] = {}
    everybody: list[tuple[str | None, str | None, int, set[str]]] = [
        (None, None, 0, set(entries)),
        *((*key, members) for key, members in groups.items()),
    ]
    for breakdown, value, first, members in everybody:
        for week in range(first, LAST_WEEK + 1):
            for monday in {cohort(world, entries[entity]) for entity in members}:
                own = [each for each in members if cohort(world, entries[each]) == monday]
                over = [each for each in own if entries[each] + (week + 1) * WEEK <= world.observed]
                back = [
                    each
                    for each in over
                    if any(
                        match(event) and 0 <= event.us - entries[each] - week * WEEK < WEEK
                        for event in logs[each]
                    )
                ]
                if over:
                    told[monday, breakdown, value, week] = (len(own), len(over), len(back))
    return told


def iso(us: int) -> str:
    """An instant as logs write it, with microseconds."""
    return (_EPOCH + dt.timedelta(microseconds=us)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def us_of(text: str) -> int:
    """Microseconds since 1970 of a UTC time."""
    at = dt.datetime.fromisoformat(text).replace(tzinfo=dt.UTC)
    return (at - _EPOCH) // dt.timedelta(microseconds=1)
