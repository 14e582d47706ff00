"""The latent draws of one block: who reaches which step when, who visits, who stays."""

from typing import NamedTuple

import numpy as np

from funnelkit.sample.people import NEVER, People
from funnelkit.sample.plan import (
    AHA_COUNT,
    AHA_DAYS,
    BLOCK,
    CHANNELS,
    DAY_S,
    GAP_MEDIANS_S,
    GAP_SIGMAS,
    LAST_S,
    RETAINED_BASE,
    RETAINED_EFFECT,
    RETAINED_PER_VISIT,
    RETAINED_VISITS_CAP,
    STEP_PROBABILITIES,
    WINDOW_S,
    Flags,
    Floats,
    Ints,
)


class Shares(NamedTuple):
    """Every dashboard_shared of the first 14 days: place in the block, second, recipients."""

    user: Ints
    at: Ints
    recipients: Ints


class Journeys(NamedTuple):
    """What a block's users will do, a value per user unless said.

    `reached_at` is BLOCK x 4, NEVER beyond the level; `shares` are all dashboard_shared events of
    the first 14 days; `early_visits` is the number of visits in days 1 to 13.
    """

    level: Ints
    reached_at: Ints
    activity: Floats
    early_visits: Ints
    shares: Shares
    aha: Flags
    retained: Flags


def draw_journeys(rng: np.random.Generator, people: People) -> Journeys:
    """Draw levels, step instants, activity, shares and week-4 retention of a block.

    The level is the planted Bernoulli chain of the user's channel; delays are log-normal and
    shrunk so that every reached step lies within the window.
    """
    probabilities = np.array([STEP_PROBABILITIES[channel] for channel in CHANNELS])[people.channel]
    passed = rng.random((BLOCK, 3)) < probabilities
    level = 1 + np.cumprod(passed, axis=1).sum(axis=1)
    reached_at = _step_instants(rng, people.signed_up, level)
    activity = rng.gamma(1.3, 1 / 1.3, BLOCK) * (0.75 + 0.2 * level)
    activity = np.where(people.is_whale, np.maximum(activity, 2.0), activity)
    early_visits = rng.poisson(2.6 * activity)
    shares = _draw_shares(rng, people.signed_up, level, reached_at, early_visits)
    soon = shares.at < people.signed_up[shares.user] + AHA_DAYS * DAY_S
    aha = np.bincount(shares.user[soon], minlength=BLOCK) >= AHA_COUNT
    visits = np.minimum(early_visits, RETAINED_VISITS_CAP)
    chance = RETAINED_BASE + RETAINED_PER_VISIT * visits + RETAINED_EFFECT * aha
    retained = rng.random(BLOCK) < chance
    return Journeys(level, reached_at, activity, early_visits, shares, aha, retained)


def _step_instants(rng: np.random.Generator, signed_up: Ints, level: Ints) -> Ints:
    gaps = np.array(GAP_MEDIANS_S) * np.exp(np.array(GAP_SIGMAS) * rng.normal(size=(BLOCK, 3)))
    gaps = np.where(np.arange(2, 5) <= level[:, None], gaps, 0.0)
    total = gaps.sum(axis=1)
    limit = 0.98 * WINDOW_S
    squeezed = limit * (0.3 + 0.7 * rng.random(BLOCK))
    factor = np.where(total > limit, squeezed / np.maximum(total, 1.0), 1.0)
    whole = np.maximum(np.floor(gaps * factor[:, None]).astype(np.int64), 1)
    after = np.concatenate((np.zeros((BLOCK, 1), np.int64), np.cumsum(whole, axis=1)), axis=1)
    reached = np.arange(1, 5) <= level[:, None]
    return np.where(reached, signed_up[:, None] + after, NEVER)


def between(rng: np.random.Generator, low: Ints, high: Ints) -> tuple[Ints, Flags]:
    """A whole second strictly between `low` and `high`, and whether there is one."""
    room = high - low - 1
    at = low + 1 + np.floor(rng.random(len(low)) * np.maximum(room, 1)).astype(np.int64)
    return at, room >= 1


def _draw_shares(
    rng: np.random.Generator, signed_up: Ints, level: Ints, reached_at: Ints, visits: Ints
) -> Shares:
    """All shares of the first 14 days; none of them changes the level of its user."""
    everyone = np.arange(BLOCK)
    close = signed_up + WINDOW_S
    week = signed_up + AHA_DAYS * DAY_S
    last = reached_at[:, 3]
    done = level == 4
    keen = rng.random(BLOCK) < 0.30 + 0.06 * np.minimum(visits, 8)
    keen &= done & (last < week - 12 * 3600)
    number = np.where(keen, 2 + np.minimum(rng.poisson(1.0, BLOCK), 4), 0)
    number = np.where(done & ~keen & (rng.random(BLOCK) < 0.4), 1, number)
    again = np.repeat(everyone, number)
    again_at, again_ok = between(rng, last[again], np.where(keen, week, close)[again])
    # Out of order: level 1 and 2 lack the step before; level 3 only before it built; and a share
    # with nobody never counts. None of these can be the fourth step.
    stray = rng.random(BLOCK) < 0.07
    until = np.where(level == 3, reached_at[:, 2], close)
    stray_at, stray_ok = between(rng, signed_up, until)
    nobody = rng.random(BLOCK) < 0.12
    nobody_at, _ = between(rng, signed_up, close)
    user = np.concatenate((everyone, again, everyone, everyone))
    at = np.concatenate((last, again_at, stray_at, nobody_at))
    recipients = np.minimum(rng.geometric(0.35, len(user)), 30)
    recipients[len(user) - BLOCK :] = 0
    keep = np.concatenate((done, again_ok, stray & stray_ok & ~done, nobody))
    return Shares(user[keep], at[keep], recipients[keep])


def open_entry(signed_up: Ints) -> Flags:
    """Whether the window is still open at the end of the log."""
    return signed_up + WINDOW_S > LAST_S
