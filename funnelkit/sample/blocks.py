"""One block of users, whole: people, journeys, events and feedback from the block's own streams."""

from typing import NamedTuple

import numpy as np

from funnelkit.sample.behaviour import Behaviour, anonymous_pages, behave
from funnelkit.sample.cases import Planted
from funnelkit.sample.feedback import Said, say
from funnelkit.sample.journeys import Journeys, draw_journeys
from funnelkit.sample.log import NOBODY, Events, at_seconds, concatenate
from funnelkit.sample.people import People, draw_people
from funnelkit.sample.plan import BLOCK, CODE, DAY_S, LAST_S, SECOND, Flags, Ints

DUPLICATES = 40
LATE = 40


class Block(NamedTuple):
    """A simulated block; `present` marks its users that the sample holds (the last is cut)."""

    people: People
    journeys: Journeys
    behaviour: Behaviour
    said: Said
    events: Events
    present: Flags
    defects: dict[str, list[int]]


def simulate(seed: int, block: int, first_user: int, size: int, next_event: int) -> Block:
    """Simulate the block's BLOCK users and keep the first `size`; events count from `next_event`.

    Every block draws from streams keyed by (seed, block), so that neither the number of users nor
    the size of the parts written changes what a user does.
    """
    streams = [
        np.random.Generator(np.random.PCG64(np.random.SeedSequence((seed, block, stream))))
        for stream in range(6)
    ]
    people = draw_people(streams[0], first_user, with_whale=block == 0)
    journeys = draw_journeys(streams[1], people)
    behaviour = behave(streams[2], people, journeys)
    said = say(streams[3], people, journeys, behaviour)
    present = np.arange(BLOCK) < size
    events = _events(streams[4], people, behaviour, size, next_event)
    defects: dict[str, list[int]] = {}
    if block == 0:
        events, defects = _spoil(streams[5], events)
    return Block(people, journeys, behaviour, said, events, present, defects)


def _events(
    rng: np.random.Generator, people: People, behaviour: Behaviour, size: int, next_event: int
) -> Events:
    """The block's log, cut at its end, numbered user by user."""
    user, name, at, properties = behaviour.draft.columns()
    visitor, seen_at, path = anonymous_pages(rng, people)
    owner = visitor // 2 - people.number[0]
    place = np.concatenate((user, owner))
    name = np.concatenate((name, np.full(len(visitor), CODE["page_viewed"])))
    at = np.concatenate((at, seen_at))
    anonymous = np.concatenate((np.zeros(len(user), bool), np.ones(len(visitor), bool)))
    signs_up = name == CODE["signed_up"]
    both = np.where(signs_up, 2 * people.number[place], NOBODY)
    both[len(user) :] = visitor
    received = at_seconds(at + rng.integers(0, 4, len(at)))
    events = Events(
        number=place,
        user=np.where(anonymous, NOBODY, people.number[place]),
        visitor=both,
        account=np.where(anonymous, NOBODY, people.account[place]),
        name=name,
        occurred=at_seconds(at),
        received=received,
        properties=np.concatenate((properties, path)),
    )
    keep = np.flatnonzero((at <= LAST_S) & (place < size))
    keep = keep[np.lexsort((keep, at[keep], place[keep]))]
    return events.take(keep)._replace(number=next_event + np.arange(len(keep)))


def _spoil(rng: np.random.Generator, events: Events) -> tuple[Events, dict[str, list[int]]]:
    """Repeat some rows exactly and deliver others days late; neither changes any true count."""
    count = min(DUPLICATES + LATE, len(events.number))
    chosen = rng.choice(len(events.number), count, replace=False)
    twice, late = chosen[: count // 2], chosen[count // 2 :]
    received = events.received.copy()
    received[late] += rng.integers(2 * DAY_S, 25 * DAY_S, len(late)) * SECOND
    events = events._replace(received=received)
    defects = {
        "duplicate": sorted(events.number[twice].tolist()),
        "late": sorted(events.number[late].tolist()),
    }
    return concatenate([events, events.take(twice)]), defects


def merge_defects(planted: Planted, block: Block) -> dict[str, list[int]]:
    """Event numbers by kind of defect, of the cases and of the first block."""
    kinds = dict.fromkeys((*planted.defects, *block.defects))
    return {kind: planted.defects.get(kind, []) + block.defects.get(kind, []) for kind in kinds}


class UserRows(NamedTuple):
    """Rows of the users' log: place in the block, microsecond from which it holds, price tier."""

    place: Ints
    updated: Ints
    tier: Ints


def user_rows(block: Block) -> UserRows:
    """A row per user at sign-up and one at each later change of plan, by time."""
    people = block.people
    everyone = np.flatnonzero(block.present)
    changed = everyone[
        (people.upgrade_at[everyone] > people.signed_up[everyone])
        & (people.upgrade_at[everyone] <= LAST_S)
    ]
    updated = np.concatenate((people.signed_up[everyone], people.upgrade_at[changed]))
    place = np.concatenate((everyone, changed))
    tier = np.concatenate((people.tier_at(people.signed_up)[everyone], people.next_tier[changed]))
    order = np.lexsort((place, updated))
    return UserRows(place[order], at_seconds(updated[order]), tier[order])
