"""Entrants of worlds whose truth is known, drawn straight into the frames of the search.

Independent of the program and of the sample company: its own clock, its own strata. Every world has
unequal activity, a segment that moves behaviour and outcome, and people who leave early.
"""

import datetime as dt
from typing import NamedTuple

import numpy as np
import polars as pl

DAYS = (1, 3, 7, 14)
COUNTS = (1, 2, 3, 5, 7, 10)
_EDGES = np.array([0.0, 1.0, 3.0, 7.0, 14.0, 21.0])  # grid windows, then the landmark's
OUTCOME_ENDS = 28.0
WEEKS = 26
FIRST_WEEK = dt.date(2025, 1, 6)
SEGMENT_SHARES = (0.4, 0.3, 0.2, 0.1)
SEGMENT_ACTIVITY = np.array([0.7, 1.0, 1.4, 2.0])
SEGMENT_RATE = np.array([0.20, 0.30, 0.45, 0.60])
OTHERS = 11
SPECIAL = "special"  # the planted one, the decoy or the trap: event number 0
AHA = (3, 7)  # what acts in the planted world: at least 3 times in 7 days
EFFECT = 0.28
STEEPNESS = 0.22  # in the slope world every further time of 7 days helps


class People(NamedTuple):
    """Entrants of a world; `counts[event, interval, entrant]`, intervals 0-1-3-7-14-21 days."""

    week: np.ndarray
    segment: np.ndarray
    hash_half: np.ndarray
    counts: np.ndarray
    outcome: np.ndarray

    def within(self, event, days):
        return self.counts[event, : DAYS.index(days) + 1].sum(axis=0)

    def alive_by_others(self, event):
        later = self.counts[:, len(DAYS)]
        return later.sum(axis=0) > later[event]

    @property
    def alive(self):
        return self.counts[:, len(DAYS)].any(axis=0)


def people(world, n, random):
    """`n` entrants of a world: null, planted, slope, decoy, window or survivor."""
    week = random.integers(0, WEEKS, n)
    segment = random.choice(len(SEGMENT_SHARES), size=n, p=SEGMENT_SHARES)
    activity = random.lognormal(0.0, 0.8, n) * SEGMENT_ACTIVITY[segment]
    leaves = np.where(random.random(n) < 0.4, random.exponential(10.0, n), np.inf)
    present = np.clip(leaves, _EDGES[:-1, None], _EDGES[1:, None]) - _EDGES[:-1, None]
    taste = random.lognormal(-0.125, 0.5, (OTHERS, n))
    popularity = np.geomspace(0.6, 0.02, OTHERS)[:, None]
    rates = np.concatenate([special_rate(world, activity)[None], popularity * activity * taste])
    counts = random.poisson(rates[:, None, :] * present[None, :, :]).astype(np.uint16)
    found = People(week, segment, random.random(n) < 0.4, counts, np.zeros(n, bool))
    chance = outcome_chance(world, found, activity) * (leaves > OUTCOME_ENDS)
    found = found._replace(outcome=random.random(n) < chance)
    return without_early_converters(found, random) if world == "window" else found


def special_rate(world, activity):
    """Times a day that each does the event in question."""
    if world in ("planted", "slope"):
        return 0.25 * activity**0.5
    if world == "decoy":
        return 0.3 * activity
    # The traps: the same for everybody, whatever they do otherwise.
    return np.full(len(activity), 0.25) if world in ("window", "survivor") else 0.2 * activity


def outcome_chance(world, found, activity):
    """Chance of the outcome of somebody who is still there."""
    base = SEGMENT_RATE[found.segment]
    if world == "planted":
        reached = found.within(0, AHA[1]) >= AHA[0]
        return np.clip(base * 0.8 + EFFECT * reached, 0, 1)
    if world == "slope":
        return np.clip(base * 0.5 + STEEPNESS * np.log1p(found.within(0, 7)), 0, 1)
    if world == "decoy":
        odds = np.exp(-1.0 + 1.2 * np.log(activity))
        return odds / (1 + odds)
    if world == "survivor":
        return np.full(len(base), 0.7)
    return base


def without_early_converters(found, random):
    """Who converts does so on any day of 28; before the outcome's window: not eligible."""
    converts = random.uniform(0, OUTCOME_ENDS, len(found.outcome))
    kept = ~(found.outcome & (converts < _EDGES[-1]))
    return People(
        found.week[kept],
        found.segment[kept],
        found.hash_half[kept],
        found.counts[:, :, kept],
        found.outcome[kept],
    )


def watched_until_converted(n, random):
    """What watching converters up to their conversion, the others to the end, makes of nothing.

    Risk difference of at least 3 times, of an event that everybody does at the same pace.
    """
    outcome = random.random(n) < 0.35
    watched = np.where(outcome, random.uniform(0, OUTCOME_ENDS, n), OUTCOME_ENDS)
    reached = random.poisson(0.25 * watched) >= 3
    return outcome[reached].mean() - outcome[~reached].mean()


def frames(found):
    """The two frames that the job takes."""
    n = len(found.outcome)
    entrants = pl.DataFrame(
        {
            "entity": np.arange(n, dtype=np.int32),
            "week": [FIRST_WEEK + dt.timedelta(weeks=int(week)) for week in found.week],
            "segment": [f"segment {number}" for number in found.segment],
            "outcome": found.outcome,
            "in_hash_half": found.hash_half,
        },
        schema_overrides={"week": pl.Date},
    )
    event, entity = np.nonzero(found.counts.any(axis=1))
    own = found.counts[event, :, entity].astype(np.int32)
    exposures = pl.DataFrame(
        {
            "entity": entity.astype(np.int32),
            "event": np.array([name(number) for number in range(len(found.counts))])[event],
            "n_alive": own[:, len(DAYS)],
            **{f"n_{days}d": own[:, : number + 1].sum(axis=1) for number, days in enumerate(DAYS)},
        }
    )
    return entrants, exposures


def name(number):
    return SPECIAL if number == 0 else f"other {number:02d}"


def draw(world, n, seed):
    """Frames of `n` drawn entrants, and how many of them are alive."""
    found = people(world, n, np.random.default_rng([seed, n]))
    return *frames(found), int(found.alive.sum())


def truth(world, event, cells, n=2_000_000, seed=2025, chunk=100_000):
    """Risk difference of each (at_least, within_days) of an event, by strata, among the alive.

    Tabulated from `n` entrants, with the weights that Mantel and Haenszel give week and segment.
    """
    random = np.random.default_rng(seed)
    strata = WEEKS * len(SEGMENT_SHARES)
    tables = {cell: np.zeros((strata, 4)) for cell in cells}
    for _ in range(n // chunk):
        found = people(world, chunk, random)
        alive = found.alive_by_others(event)
        label = found.week * len(SEGMENT_SHARES) + found.segment
        for cell, total in tables.items():
            reached = found.within(event, cell[1]) >= cell[0]
            key = (label * 4 + reached * 2 + found.outcome)[alive]
            total += np.bincount(key, minlength=4 * strata).reshape(strata, 4)
    return {cell: common_difference(total) for cell, total in tables.items()}


def common_difference(table):
    """Weighted mean of the strata's differences of shares, by reachers x others / all."""
    without, success_without, only, both = table.T
    reachers, others = both + only, without + success_without
    weight = reachers * others / (reachers + others)
    return float((weight * (both / reachers - success_without / others)).sum() / weight.sum())
