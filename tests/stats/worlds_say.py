"""Worlds whose truth is known, for the intervals of say versus do: samples, and what they cover.

Seeds are fixed. What has few outcomes is enumerated, the rest is drawn.
"""

from functools import cache
from itertools import product
from math import lgamma
from typing import NamedTuple

import numpy as np
import polars as pl

from funnelkit.jobs.weights import margins, weigh
from funnelkit.stats.agreement import agreement
from funnelkit.stats.bias import CONFIDENCE, do_bias
from funnelkit.stats.calibration import Table, measured, poststratified, rogan_gladen
from funnelkit.stats.nps import nps
from funnelkit.stats.paired import newcombe_paired
from funnelkit.stats.proportions import wilson
from funnelkit.stats.resampling import generator
from funnelkit.stats.revenue import estimated
from funnelkit.stats.survey import weighted_share
from funnelkit.stats.tiers import tiers

TIMES = 400
SMALLEST, LARGEST = 632, 1406  # users of a wave in the sample company


class Found(NamedTuple):
    """One sample: estimate, limits, truth; n of whatever was asked."""

    estimate: float
    lo: float
    hi: float
    truth: float
    n: int = 0

    @property
    def covers(self):
        return self.lo <= self.truth <= self.hi


def sample(interval, truth, n=0):
    estimate, lo, hi = interval
    return Found(estimate, lo, hi, truth, n)


def coverage(found):
    return sum(each.covers for each in found) / len(found)


def width(found):
    return sum(each.hi - each.lo for each in found) / len(found)


def mean(values):
    return float(np.mean(list(values)))


def percent(share):
    return f"{100 * share:.0f} %"


# --- enumerated -------------------------------------------------------------------------------


def tables(n, cells):
    """Every way to put n into cells."""
    ways = (each for each in product(range(n + 1), repeat=cells - 1) if sum(each) <= n)
    return np.array([(*each, n - sum(each)) for each in ways])


def exact_coverage(found, limits, truths, wanted):
    """Coverage at each truth (rows of cell chances), from every table's own chance."""
    ways = lgamma(found[0].sum() + 1) - np.array(
        [sum(lgamma(x + 1) for x in each) for each in found.tolist()]
    )
    chances = np.exp(ways + np.log(truths) @ found.T)
    inside = (limits[:, 0] <= wanted[:, None]) & (wanted[:, None] <= limits[:, 1])
    return (chances * inside).sum(axis=1)


def gap_coverage(n, truths=400):
    """Of Newcombe's paired interval, method 10, cells spread evenly over the simplex."""
    found = tables(n, 4)
    limits = np.array([newcombe_paired(*each)[1:] for each in found.tolist()], float)
    chances = np.random.default_rng(11).dirichlet(np.ones(4), truths)
    return exact_coverage(found, limits, chances, chances[:, 1] - chances[:, 2])


def nps_coverage(n, truths=400):
    """Of the adjusted Wald interval, promoters, passives and detractors spread evenly."""
    found = tables(n, 3)
    limits = np.array([nps(*each)[1:] for each in found.tolist()], float)
    chances = np.random.default_rng(12).dirichlet(np.ones(3), truths)
    return exact_coverage(found, limits, chances, chances[:, 0] - chances[:, 2])


# --- respondents of a finite population -------------------------------------------------------


class Company(NamedTuple):
    """Users of a wave: the frame, their plans, who likes and who uses the feature."""

    users: pl.DataFrame
    values: pl.DataFrame
    like: np.ndarray
    used: np.ndarray
    logit: np.ndarray


def chance(logit):
    return 1 / (1 + np.exp(-logit))


def company(random):
    """Opinion and use go with activity and plan; answering with visits, tenure and plan only."""
    n = int(random.integers(SMALLEST, LARGEST + 1))
    days = np.minimum(random.poisson(random.gamma(1.2, 3.0, n)), 28)
    tenure = 28 + random.integers(0, 150, n)
    plan = np.minimum(random.poisson(0.3 + 0.05 * np.minimum(days, 8)), 2)
    like = random.random(n) < chance(-1.2 + 0.2 * np.minimum(days, 8) + 0.3 * plan)
    used = random.random(n) < chance(-2.0 + 0.4 * np.minimum(days, 8) - 0.3 * like)
    reached = random.random(n) < chance(days - 4.0)
    users = pl.DataFrame(
        {
            "user_key": np.arange(n),
            "active_days": days,
            "tenure_days": tenure,
            "aha_reached": reached,
        }
    )
    names = np.array(["free", "team", "business"])[plan]
    values = pl.DataFrame({"user_key": np.arange(n), "breakdown": "plan", "value": names})
    # Shape and slopes are the sample company's ANSWER_LOGIT.
    logit = 0.4 * np.minimum(days, 8) + 0.006 * tenure + np.array([0.0, 0.4, 0.8])[plan]
    return Company(users, values, like, used, logit)


class Answered(NamedTuple):
    """Of one sample: like, weighted and not; like & not use, weighted; the do-bias check."""

    like: Found
    plain: Found
    cell: Found
    bias: float
    verdict: str
    allowed: bool
    deff: float


def answered(intercept, seed, liked=1.0, used=1.0):
    """One sample; `liked`, `used`: how many times the odds of answering who likes, uses has."""
    random = np.random.default_rng(seed)
    own = company(random)
    extra = np.log(liked) * own.like + np.log(used) * own.used
    chosen = np.flatnonzero(random.random(len(own.like)) < chance(intercept + own.logit + extra))
    keys = pl.Series(np.arange(len(own.like)))
    weighted = weigh(margins(own.users, own.values), keys, keys.gather(chosen))
    assert weighted is not None
    weights, population = weighted.users["weight"].to_numpy(), weighted.population

    def share(flags, confidence=0.95):
        return weighted_share(weights, flags[chosen], population, confidence)

    cell = own.like & ~own.used
    plain = wilson(int(own.like[chosen].sum()), len(chosen))
    bias = do_bias(share(own.used, CONFIDENCE), float(own.used.mean()))
    n = len(chosen)
    return Answered(
        sample(share(own.like), float(own.like.mean()), n),
        sample(plain, float(own.like.mean()), n),
        sample(share(cell), float(cell.mean()), n),
        bias.difference or 0.0,
        bias.verdict,
        weighted.allowed,
        weighted.kish.deff,
    )


def answers(intercept, times=TIMES, liked=1.0, used=1.0):
    return [answered(intercept, seed, liked, used) for seed in range(times)]


# --- revenue ----------------------------------------------------------------------------------


class Market(NamedTuple):
    """Customers, respondents, spread of log revenue, share in the cell, and its slope.

    `slope`: by how much a standard deviation of log revenue moves the logit of being in the cell.
    """

    customers: int
    respondents: int
    sigma: float
    share: float
    slope: float


MARKETS = (
    Market(500, 60, 1.0, 0.30, 0.0),
    Market(500, 60, 1.5, 0.15, 0.0),
    Market(1000, 120, 1.0, 0.20, 0.25),
    Market(1000, 200, 1.5, 0.30, 0.25),
    Market(2000, 200, 1.5, 0.20, 0.0),
    Market(2000, 400, 1.0, 0.30, -0.25),
    Market(2000, 400, 1.0, 0.30, -0.50),
)


def revenue(market, seed):
    random = np.random.default_rng(seed)
    z = random.normal(size=market.customers)
    cents = np.round(np.exp(9 + market.sigma * z)).astype(np.int64)
    logit = np.log(market.share / (1 - market.share)) + market.slope * z
    cell = random.random(market.customers) < chance(logit)
    asked = np.zeros(market.customers, bool)
    asked[random.choice(market.customers, market.respondents, replace=False)] = True
    found = estimated(cents, asked, cell & asked)
    assert found is not None
    return sample(found, float(cents[cell].sum()), market.respondents)


def revenues(market, times=TIMES):
    return [revenue(market, seed) for seed in range(times)]


# --- texts ------------------------------------------------------------------------------------


class Reader(NamedTuple):
    """A classifier: sensitivity, specificity; its texts: share of negatives, and how many."""

    se: float
    sp: float
    share: float
    texts: int


READERS = (
    Reader(0.43, 0.93, 0.25, 3000),
    Reader(0.60, 0.85, 0.25, 1000),
    Reader(0.60, 0.85, 0.05, 300),
    Reader(0.80, 0.90, 0.50, 300),
)
LABELS_ELSEWHERE, LABELS_OWN = 300, 200


def read(reader, random, n, share):
    """Flags and truth of n texts."""
    negative = random.random(n) < share
    return random.random(n) < np.where(negative, reader.se, 1 - reader.sp), negative


def elsewhere(reader, seed):
    """300 labels of other texts, with another share of negatives."""
    random = np.random.default_rng(seed)
    calibration = measured(
        Table.of(*read(reader, random, LABELS_ELSEWHERE, 0.30)), generator(f"elsewhere {seed}")
    )
    flagged, negative = read(reader, random, reader.texts, reader.share)
    found = rogan_gladen(int(flagged.sum()), reader.texts, calibration)
    return sample(found, float(negative.mean()), reader.texts)


def within(reader, seed):
    """200 labels drawn from the texts themselves."""
    random = np.random.default_rng(seed)
    flagged, negative = read(reader, random, reader.texts, reader.share)
    drawn = random.choice(reader.texts, LABELS_OWN, replace=False)
    table = Table.of(flagged[drawn], negative[drawn])
    found = poststratified(int(flagged.sum()), reader.texts, table)
    return sample(found, float(negative.mean()), reader.texts)


def readings(how, reader, times=TIMES):
    return [how(reader, seed) for seed in range(times)]


# --- claims -----------------------------------------------------------------------------------


def claims(persons, random):
    """Hours said and logged of persons over one to three waves: skewed, each with own habits."""
    waves = random.integers(1, 4, persons)
    own = np.repeat(np.arange(persons), waves)
    usual = np.exp(random.normal(1.0, 0.9, persons))[own]
    boast = random.normal(0.15, 0.4, persons)[own]
    logged = np.minimum(usual * np.exp(random.normal(0, 0.5, len(own))), 112)  # 8 h a day
    said = np.round(2 * logged * np.exp(boast + random.normal(0, 0.4, len(own)))) / 2
    return said, logged, own


@cache
def true_agreement():
    return agreement(*claims(200_000, np.random.default_rng(99)))


def agreements(persons, times=TIMES):
    """Mean and median difference and rank correlation of many samples."""
    truth = true_agreement()
    found = [agreement(*claims(persons, np.random.default_rng(seed))) for seed in range(times)]
    return {
        name: [
            sample(getattr(each, name), getattr(truth, name).estimate, persons) for each in found
        ]
        for name in ("mean", "median", "spearman")
    }


# --- ranks ------------------------------------------------------------------------------------

WORTH = np.array([12.0, 10, 9, 8, 6, 5, 4, 3, 2, 1])


def ranked(accounts, seed):
    """Whether every row's rank interval holds its true rank; how many tiers; are they in order."""
    random = np.random.default_rng(seed)
    sizes = np.exp(random.normal(0, 1.0, (accounts, 1)))
    touched = random.random((accounts, len(WORTH))) < 0.04 * WORTH
    names = [f"row {at}" for at in range(len(WORTH))]
    found = tiers(np.round(1000 * sizes * touched), names, generator(f"ranks {seed}"), times=1000)
    holds = all(each.rank_lo <= at + 1 <= each.rank_hi for at, each in enumerate(found))
    return holds, max(each.tier for each in found)


def rankings(accounts, times=TIMES):
    return [ranked(accounts, seed) for seed in range(times)]
