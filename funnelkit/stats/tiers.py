"""Which rows of a ranking really differ: tiers and rank intervals, bootstrapped over accounts."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from funnelkit.stats.bootstrap import bootstrap_sums

Floats = NDArray[np.float64]
Bits = NDArray[np.bool_]

CONFIDENCE = 0.90
TIMES = 2000
_BLOCK = 1 << 21  # pairs x replicates held at once


class Rank(NamedTuple):
    """Where a row stands: its tier from 1, and the first and last rank it may have."""

    tier: int
    rank_lo: int
    rank_hi: int


def tiers(
    contributions: Floats,
    names: Sequence[str],
    random: np.random.Generator,
    confidence: float = CONFIDENCE,
    times: int = TIMES,
) -> list[Rank]:
    """Tiers of rows whose value is a sum over accounts, in the given order of rows.

    `contributions` of shape (accounts, rows), what each account adds to each row; `names` of the
    rows break ties. The order of accounts changes nothing. Where a value is no plain sum, draw with
    `bootstrap.bootstrap_sums` and use `tiers_of`.
    """
    values = np.asarray(contributions, np.float64)
    if not names:
        return []
    # Sums of floats differ in their last digits with the order of rows.
    estimates = values[np.lexsort(values.T)].sum(axis=0)
    return tiers_of(estimates, bootstrap_sums(values, times, random), names, confidence)


def tiers_of(
    estimates: Floats, draws: Floats, names: Sequence[str], confidence: float = CONFIDENCE
) -> list[Rank]:
    """Tiers from estimates (rows) and their bootstrap draws (replicates, rows), in that order.

    Sorted by estimate, a row joins the tier unless the tier's leader is clearly above it, else it
    leads the next. Rank interval: 1 + how many are clearly above, to rows less how many are
    clearly below.
    Source: say-do.md; simultaneous pairwise limits as Mogstad, Romano, Shaikh and Wilhelm 2024,
    Review of Economic Studies 91:476-518, use for ranks.
    """
    above = clearly_above(estimates, draws, confidence)
    rows = len(names)
    order = sorted(range(rows), key=lambda row: (-float(estimates[row]), names[row]))
    tier, leader = 0, -1
    found = [Rank(0, 0, 0)] * rows
    for row in order:
        if leader < 0 or above[leader, row]:
            tier, leader = tier + 1, row
        over, under = int(above[:, row].sum()), int(above[row].sum())
        found[row] = Rank(tier, 1 + over, rows - under)
    return found


def clearly_above(estimates: Floats, draws: Floats, confidence: float = CONFIDENCE) -> Bits:
    """Whether row i is above row j beyond chance, all pairs at once: shape (rows, rows).

    Their difference exceeds c times its bootstrap standard error; c: the quantile of the largest
    |difference - estimate| / error of any pair. Rows that never differ are not above each other.
    """
    estimates, draws = np.asarray(estimates, np.float64), np.asarray(draws, np.float64)
    first, second = np.triu_indices(len(estimates), 1)
    differences = estimates[first] - estimates[second]
    errors, largest = _spread(draws, first, second, differences)
    limit = float(np.quantile(largest, confidence)) if len(first) else 0.0
    found = np.zeros((len(estimates), len(estimates)), bool)
    found[first, second] = (differences > limit * errors) & (differences > 0)
    found[second, first] = (-differences > limit * errors) & (differences < 0)
    return found


def _spread(
    draws: Floats, first: NDArray[np.intp], second: NDArray[np.intp], differences: Floats
) -> tuple[Floats, Floats]:
    """Standard error of every pair's difference; the largest deviation of each replicate."""
    errors = np.zeros(len(first))
    largest = np.zeros(len(draws))
    step = max(1, _BLOCK // max(1, len(draws)))
    for start in range(0, len(first), step):
        own = slice(start, start + step)
        drawn = draws[:, first[own]] - draws[:, second[own]]
        errors[own] = drawn.std(axis=0)
        moving = errors[own] > 0
        away = np.abs(drawn[:, moving] - differences[own][moving]) / errors[own][moving]
        largest = np.maximum(largest, away.max(axis=1, initial=0.0))
    return errors, largest
