"""What people claim against what was logged: one unit, one window, clustered by person."""

from math import atanh, sqrt, tanh
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit
from scipy.stats import rankdata

from funnelkit.stats.proportions import NOTHING, Interval, clustered_wilson, z_value
from funnelkit.stats.survey import clusters

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]

HALF_A_UNIT = 0.5
RELATIVE = 0.10


class Sides(NamedTuple):
    """Claims over, within and under the tolerance around the logged figure: counts."""

    over: int
    same: int
    under: int


class SideShare(NamedTuple):
    """The share of claims on one side, and how many claims of different persons they are worth."""

    share: Interval
    n_eff: float


class Quarter(NamedTuple):
    """Differences of a quarter of the claims, by the average of said and logged.

    `quarter` from 1; averages and percentiles (2.5, 50, 97.5) in the claims' unit.
    """

    quarter: int
    from_average: float
    to_average: float
    n: int
    p2_5: float
    median: float
    p97_5: float


class Agreement(NamedTuple):
    """Claims against logs. `n` claims of `persons`; differences are said less logged.

    Figures are None where nothing was claimed, correlations also where one side never varies;
    `pearson` stands without an interval. Medians by linear interpolation (type 7).
    """

    n: int
    persons: int
    mean: Interval
    median_said: float | None
    median_logged: float | None
    median: Interval
    sides: Sides
    spearman: Interval
    pearson: float | None
    shares: tuple[SideShare, SideShare, SideShare]


def agreement(
    said: Floats,
    logged: Floats,
    persons: Counts,
    tolerance: float | None = None,
    confidence: float = 0.95,
) -> Agreement:
    """Everything of `Agreement` from claims, one item each; `persons`: a number per person.

    `tolerance` as in `sides`.
    """
    # Sums of floats differ in their last digits with the order of rows.
    order = np.lexsort((persons, logged, said))
    said, logged = np.asarray(said, np.float64)[order], np.asarray(logged, np.float64)[order]
    persons, difference = np.asarray(persons)[order], said - logged
    return Agreement(
        len(said),
        len(np.unique(persons)),
        mean_difference(difference, persons, confidence),
        float(np.median(said)) if len(said) else None,
        float(np.median(logged)) if len(said) else None,
        median_difference(difference, persons, confidence),
        sides(said, logged, tolerance),
        spearman(said, logged, persons, confidence),
        correlation(said, logged),
        side_shares(said, logged, persons, tolerance, confidence),
    )


def sides(said: Floats, logged: Floats, tolerance: float | None = None) -> Sides:
    """Claims over, within and under a tolerance: the larger of `tolerance` and 10 % of the logged.

    `tolerance` in the claims' unit, half a unit by default; 0: no tolerance at all, not even the
    10 %. Source: say-do.md.
    """
    which = _side(said, logged, tolerance)
    over, under = int((which > 0).sum()), int((which < 0).sum())
    return Sides(over, len(which) - over - under, under)


def side_shares(
    said: Floats,
    logged: Floats,
    persons: Counts,
    tolerance: float | None = None,
    confidence: float = 0.95,
) -> tuple[SideShare, SideShare, SideShare]:
    """The shares of `sides`: over, same, under; Wilson, claims of one person clustered."""
    which = _side(said, logged, tolerance)
    over, same, under = (clusters(which == sign, persons) for sign in (1, 0, -1))
    return (
        SideShare(clustered_wilson(over, confidence), over.effective_n),
        SideShare(clustered_wilson(same, confidence), same.effective_n),
        SideShare(clustered_wilson(under, confidence), under.effective_n),
    )


def _side(said: Floats, logged: Floats, tolerance: float | None) -> Counts:
    """1 where more was said than is within the tolerance of the logged, -1 where less, else 0."""
    allowed = _allowed(np.asarray(logged, np.float64), tolerance)
    difference = np.asarray(said, np.float64) - logged
    return (difference > allowed).astype(np.int64) - (difference < -allowed).astype(np.int64)


def mean_difference(difference: Floats, persons: Counts, confidence: float = 0.95) -> Interval:
    """Mean difference, t limits with the cluster-robust error and persons - 1 degrees of freedom.

    Limits are those of no precision (None) with a single person. In the differences' unit.
    Source: Liang and Zeger 1986, Biometrika 73:13-22, for the mean, times G / (G - 1).
    """
    z_value(confidence)
    n = len(difference)
    if n == 0:
        return NOTHING
    mean = float(np.mean(difference))
    _, own = np.unique(persons, return_inverse=True)
    sums = np.bincount(own, weights=difference - mean)
    groups = len(sums)
    if groups < 2:
        return Interval(mean, None, None)
    error = sqrt(groups / (groups - 1) * float(sums @ sums)) / n
    half = float(stdtrit(groups - 1, (1 + confidence) / 2)) * error
    return Interval(mean, mean - half, mean + half)


def median_difference(difference: Floats, persons: Counts, confidence: float = 0.95) -> Interval:
    """Median difference with Woodruff's limits: the values at shares 1/2 -+ z errors of the share.

    The error is that of the share of claims below the median, clustered by person. No limits with
    a single person. Source: Woodruff 1952, JASA 47:635-646.
    """
    z = z_value(confidence)
    n = len(difference)
    if n == 0:
        return NOTHING
    values = np.sort(difference)
    median = float(np.median(values))
    _, own, sizes = np.unique(persons, return_inverse=True, return_counts=True)
    groups = len(sizes)
    if groups < 2:
        return Interval(median, None, None)
    # A claim at the median is half below it: many claims are whole numbers and tie.
    below = (difference < median) + 0.5 * (difference == median)
    sums = np.bincount(own, weights=below - 0.5)
    mean = sums.sum() / n
    residuals = sums - mean * sizes
    clustered = sqrt(groups / (groups - 1) * float(residuals @ residuals)) / n
    # Ties make the error too small: never less than that of as many claims without ties.
    half = z * max(clustered, 0.5 / sqrt(n))
    lo = values[max(0, int(np.floor(n * (0.5 - half))))] if half < 0.5 else values[0]
    hi = values[min(n - 1, int(np.ceil(n * (0.5 + half))) - 1)] if half < 0.5 else values[-1]
    return Interval(median, min(float(lo), median), max(float(hi), median))


def spearman(said: Floats, logged: Floats, persons: Counts, confidence: float = 0.95) -> Interval:
    """Rank correlation with Fisher's z limits, variance (1 + r² / 2) / (persons - 3).

    Claims of one person count once in the error: an n too small rather than too large. No limits
    with fewer than four persons.
    Source: Bonett and Wright 2000, Psychometrika 65:23-28.
    """
    z = z_value(confidence)
    if not len(said):
        return NOTHING
    r = correlation(rankdata(said), rankdata(logged))
    if r is None:
        return NOTHING
    people = len(np.unique(persons))
    if people < 4:
        return Interval(r, None, None)
    if abs(r) >= 1:
        return Interval(r, None, None)  # as good as it gets says nothing of how sure that is
    half = z * sqrt((1 + r * r / 2) / (people - 3))
    return Interval(r, tanh(atanh(r) - half), tanh(atanh(r) + half))


def correlation(one: Floats, other: Floats) -> float | None:
    """Pearson's correlation; None where either side never varies."""
    if len(one) < 2:
        return None
    x, y = one - np.mean(one), other - np.mean(other)
    scale = sqrt(float(x @ x)) * sqrt(float(y @ y))
    return max(-1.0, min(1.0, float(x @ y) / scale)) if scale else None


def quarters(said: Floats, logged: Floats) -> list[Quarter]:
    """Percentiles of said less logged by quarter of the average of both, empty quarters left out.

    By the average and never by either alone, which shows regression to the mean as disagreement.
    Claims of one average are in one quarter.
    Source: Bland and Altman 1986, The Lancet 327:307-310, and 1995, 346:1085-1087.
    """
    said, logged = np.asarray(said, np.float64), np.asarray(logged, np.float64)
    if not len(said):
        return []
    average, difference = (said + logged) / 2, said - logged
    number = np.searchsorted(np.quantile(average, [0.25, 0.5, 0.75]), average, side="left")
    found = []
    for quarter in range(4):
        own = number == quarter
        if own.any():
            points = [float(each) for each in np.quantile(difference[own], [0.025, 0.5, 0.975])]
            low, high = float(average[own].min()), float(average[own].max())
            found.append(Quarter(quarter + 1, low, high, int(own.sum()), *points))
    return found


def _allowed(logged: Floats, tolerance: float | None) -> Floats:
    if tolerance == 0:
        return np.zeros(len(logged))
    unit = HALF_A_UNIT if tolerance is None else tolerance
    # A claim of 5.5 for 5 logged is within 10 %, whatever binary fractions say.
    return np.asarray(np.maximum(unit, RELATIVE * np.abs(logged)) + 1e-9, np.float64)
