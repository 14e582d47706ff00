"""Accounts and users of one block: sizes, plans, sign-up instants, upgrades."""

from typing import NamedTuple

import numpy as np

from funnelkit.sample.plan import (
    BLOCK,
    CHANNEL_SHARES,
    COUNTRY_SHARES,
    DAY_S,
    DAYS,
    LAST_S,
    START_S,
    UPGRADE_SHARE,
    WHALE_TIER,
    WHALE_USERS,
    Flags,
    Floats,
    Ints,
)

NEVER = np.int64(1) << 60  # a second that no log reaches


class People(NamedTuple):
    """Users of a block, a value per user; seconds since 1970, codes index the tuples of `plan`.

    `tier` holds until `upgrade_at`, `next_tier` from then on (NEVER: no upgrade).
    """

    number: Ints
    account: Ints
    is_first: Flags
    is_whale: Flags
    signed_up: Ints
    channel: Ints
    country: Ints
    tier: Ints
    next_tier: Ints
    upgrade_at: Ints

    def tier_at(self, second: Ints | int) -> Ints:
        """The price tier that holds at `second`."""
        return np.where(self.upgrade_at <= second, self.next_tier, self.tier)


def _sign_up_clock() -> tuple[Floats, Floats]:
    """Cumulative share of sign-ups by second of the log: office hours, week-ends, growth."""
    hours = np.arange(DAYS * 24)
    day, hour = hours // 24, hours % 24
    weekend = np.isin((day + 3) % 7, (5, 6))  # 2026-01-01 was a Thursday
    weight = np.where(weekend, 0.35, 1.0) * (1 + 0.5 * day / DAYS)
    weight = weight * (0.06 + np.exp(-(((hour - 12.5) / 4.0) ** 2)))
    share: Floats = np.concatenate((np.zeros(1), np.cumsum(weight, dtype=np.float64)))
    second: Floats = np.arange(DAYS * 24 + 1, dtype=np.float64) * 3600.0
    return share / share[-1], second


def draw_people(rng: np.random.Generator, first_number: int, *, with_whale: bool) -> People:
    """Draw the BLOCK users numbered from `first_number`; an account never crosses a block."""
    sizes = 1 + np.floor(rng.lognormal(0.2, 1.2, BLOCK)).astype(np.int64)
    sizes = np.where(rng.random(BLOCK) < 0.3, 1, np.minimum(sizes, 40))
    if with_whale:
        sizes[0] = WHALE_USERS
    ends = np.cumsum(sizes)
    account = np.searchsorted(ends, np.arange(BLOCK), side="right")
    starts = ends - sizes
    is_first = starts[account] == np.arange(BLOCK)
    is_whale = (account == 0) & with_whale

    begun = rng.random(BLOCK) ** 1.4
    if with_whale:
        begun[0] = 0.05
    later = rng.random(BLOCK) ** 3 * np.where(is_whale, 0.15, 1.0)
    position = begun[account] + np.where(is_first, 0.0, (1 - begun[account]) * later)
    share, second = _sign_up_clock()
    signed_up = START_S + np.interp(position, share, second).astype(np.int64)
    signed_up = np.minimum(signed_up, LAST_S - 60)

    tier, next_tier, upgrade_at = _plans(rng, sizes, signed_up[np.minimum(starts, BLOCK - 1)])
    tier = np.where(is_whale, WHALE_TIER, tier[account])
    numbers = first_number + np.arange(BLOCK)
    return People(
        number=numbers,
        account=first_number + starts[account],
        is_first=is_first,
        is_whale=is_whale,
        signed_up=signed_up,
        channel=rng.choice(len(CHANNEL_SHARES), BLOCK, p=CHANNEL_SHARES),
        country=rng.choice(len(COUNTRY_SHARES), BLOCK, p=COUNTRY_SHARES)[account],
        tier=tier,
        next_tier=next_tier[account],
        upgrade_at=np.where(is_whale, NEVER, upgrade_at[account]),
    )


def _plans(rng: np.random.Generator, sizes: Ints, begun_at: Ints) -> tuple[Ints, Ints, Ints]:
    """Tier, next tier and instant of the upgrade of each account: bigger teams pay more often."""
    step = np.searchsorted((3, 6, 11, 21), sizes, side="right")
    draw = rng.random(BLOCK)
    business = np.minimum(0.02 + 0.02 * sizes, 0.6)
    team = np.minimum(business + 0.28 + 0.01 * sizes, 0.95)
    tier = np.where(draw < business, 6 + step, np.where(draw < team, 1 + step, 0))
    upgrades = (rng.random(BLOCK) < UPGRADE_SHARE) & (tier < 6)
    at = begun_at + rng.integers(15 * DAY_S, 90 * DAY_S, BLOCK)
    at = np.where(upgrades & (at <= LAST_S), at, NEVER)
    return tier, np.where(tier == 0, 1 + step, 6 + step), at
