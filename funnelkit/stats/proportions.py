"""Proportions, their intervals and differences, with the standard library alone: `funnel` is fast.

Trials are independent, or clustered: several attempts of one entity are alike, so they are worth
fewer than they are. Their effective number takes the place of n (`Clusters`).
"""

from collections.abc import Sequence
from functools import lru_cache
from math import erfc, hypot, sqrt
from statistics import NormalDist
from typing import NamedTuple


class Interval(NamedTuple):
    """An estimate and its confidence limits, as fractions.

    All three are None when nothing was observed: no number at all rather than a misleading one.
    """

    estimate: float | None
    lo: float | None
    hi: float | None


class Clusters(NamedTuple):
    """Sums over clusters of trials, which alone give the variance of a share of all trials.

    A cluster (an entity) has m trials, x of them successful. `clusters`: how many there are;
    `sum_x`, `sum_m`, `sum_x2`, `sum_xm`, `sum_m2`: the sums of x, m, x², x m and m² over them. A
    cluster with m = 0 adds nothing but its number, as in the estimate of a survey's domain.
    """

    clusters: int
    sum_x: int
    sum_m: int
    sum_x2: int
    sum_xm: int
    sum_m2: int

    @property
    def design_effect(self) -> float:
        """How many times the variance of sum_x / sum_m is that of independent trials; 1 at least.

        The ratio estimate's variance, c / (c - 1) sum (x - p m)² / (sum m)², over p (1 - p) / sum m
        (Rao and Scott 1992, Biometrics 48:577-585; the test reproduces their design effects of
        Weil's litters). An estimate below 1 counts as 1: with few clusters it is mostly noise, and
        attempts of one person never tell more than those of as many different people. Where the
        data cannot tell how alike trials are (none or all succeed, or a single cluster) those of a
        cluster count as all alike: sum m² / sum m, which leaves at most as many as clusters. Where
        no cluster has two, trials are independent, and nothing is estimated.
        """
        c, x, m = self.clusters, self.sum_x, self.sum_m
        if self.sum_m2 == m:
            return 1.0
        if c < 2 or x in (0, m):
            return max(1.0, self.sum_m2 / m)
        # (sum m)² sum (x - p m)², in whole numbers: no digits cancel, however large the log.
        residuals = m * m * self.sum_x2 - 2 * x * m * self.sum_xm + x * x * self.sum_m2
        return max(1.0, c * residuals / ((c - 1) * m * x * (m - x)))

    @property
    def effective_n(self) -> float:
        """As many independent trials would tell as much: sum m / design effect, at most sum m."""
        return self.sum_m / self.design_effect


NOTHING = Interval(None, None, None)


def wilson(successes: float, n: float, confidence: float = 0.95) -> Interval:
    """Wilson score interval of a proportion, without continuity correction.

    `successes` of `n` independent trials; `n == 0` gives an Interval of None. The limits lie in
    0..1, contain the estimate, and are exactly 0 or 1 at its side when none or all succeed.
    Both may be fractions: effective numbers.
    Raises ValueError unless 0 <= successes <= n and 0 < confidence < 1.
    Source: Newcombe 1998, Statistics in Medicine 17:857-872, method 3; the test reproduces its
    Table I.
    """
    _check(successes, n)
    if n == 0:
        z_value(confidence)
        return NOTHING
    return _score_interval(successes / n, n, confidence)


def clustered_wilson(clusters: Clusters, confidence: float = 0.95) -> Interval:
    """Wilson score interval of a share of clustered trials: n is their effective number.

    No trials give an Interval of None. Raises ValueError as `wilson` does.
    """
    _check(clusters.sum_x, clusters.sum_m)
    if clusters.sum_m == 0:
        z_value(confidence)
        return NOTHING
    share = clusters.sum_x / clusters.sum_m
    return _score_interval(share, clusters.effective_n, confidence)


def newcombe(x1: float, n1: float, x2: float, n2: float, confidence: float = 0.95) -> Interval:
    """Newcombe's hybrid score interval of the difference of two independent shares, p1 - p2.

    `x1` of `n1` and `x2` of `n2` (effective numbers where trials are clustered); an Interval of
    None when either n is 0. The limits lie in -1..1 and contain the estimate.
    Raises ValueError as `wilson` does.
    Source: Newcombe 1998, Statistics in Medicine 17:873-890, method 10; the test reproduces its
    Table II.
    """
    p1, lo1, hi1 = wilson(x1, n1, confidence)
    p2, lo2, hi2 = wilson(x2, n2, confidence)
    if p1 is None or p2 is None or lo1 is None or lo2 is None or hi1 is None or hi2 is None:
        return NOTHING
    difference = p1 - p2
    below, above = hypot(p1 - lo1, hi2 - p2), hypot(hi1 - p1, p2 - lo2)
    return Interval(difference, max(-1.0, difference - below), min(1.0, difference + above))


def two_proportion_p(x1: float, n1: float, x2: float, n2: float) -> float | None:
    """Two-sided p-value of "both shares are equal": score test, variance of the pooled share.

    The square of its z is Pearson's chi-square of the 2x2 table, uncorrected. 1 when all trials of
    both end alike; None when either n is 0. With effective numbers it is the test of Rao and Scott
    1992, Biometrics 48:577-585. Raises ValueError unless 0 <= x <= n.
    Source: Agresti 2013, Categorical Data Analysis, chapter 3; the test reproduces a worked example
    and SciPy's chi-square.
    """
    _check(x1, n1)
    _check(x2, n2)
    if n1 == 0 or n2 == 0:
        return None
    pooled = (x1 + x2) / (n1 + n2)
    variance = pooled * (1 - pooled) * (1 / n1 + 1 / n2)
    if variance <= 0:
        return 1.0
    return erfc(abs(x1 / n1 - x2 / n2) / sqrt(2 * variance))


def benjamini_hochberg(p: Sequence[float]) -> list[float]:
    """p-values adjusted for their number (q-values), in the given order.

    Those at most q have an expected share of false findings of at most q among them. Raises
    ValueError unless every p lies in 0..1.
    Source: Benjamini and Hochberg 1995, JRSS B 57:289-300; the test reproduces their section 4.
    """
    _check_p(p)
    found = [1.0] * len(p)
    least = 1.0
    falling = sorted(range(len(p)), key=lambda index: -p[index])
    for rank, index in zip(range(len(p), 0, -1), falling, strict=True):
        least = min(least, p[index] * len(p) / rank)
        found[index] = least
    return found


def holm(p: Sequence[float]) -> list[float]:
    """p-values adjusted for their number, in the given order: a family-wise level, step-down.

    Rejecting those at most alpha makes any false rejection at all have a chance of at most alpha,
    however the tests depend on each other. Raises ValueError unless every p lies in 0..1.
    Source: Holm 1979, Scandinavian Journal of Statistics 6:65-70; the test closes Bonferroni's test
    over all subsets, and reproduces the count in section 4 of Benjamini and Hochberg 1995.
    """
    _check_p(p)
    found = [1.0] * len(p)
    largest = 0.0
    rising = sorted(range(len(p)), key=lambda index: p[index])
    for rank, index in enumerate(rising):
        largest = max(largest, min(1.0, p[index] * (len(p) - rank)))
        found[index] = largest
    return found


@lru_cache(maxsize=16)
def z_value(confidence: float) -> float:
    """The standard normal quantile of a two-sided `confidence`: 1.95996 for 0.95.

    Raises ValueError unless 0 < confidence < 1.
    """
    if not 0 < confidence < 1:
        raise ValueError(f"confidence == {confidence}, must be between 0 and 1.")
    return NormalDist().inv_cdf((1 + confidence) / 2)


def _check_p(p: Sequence[float]) -> None:
    for value in p:
        if not 0 <= value <= 1:
            raise ValueError(f"p == {value}, must be between 0 and 1.")


def _check(successes: float, n: float) -> None:
    if n < 0:
        raise ValueError(f"n == {n}, must be >= 0.")
    if not 0 <= successes <= n:
        raise ValueError(f"successes == {successes}, must be between 0 and n == {n}.")


def _score_interval(share: float, n: float, confidence: float) -> Interval:
    z2 = z_value(confidence) ** 2
    middle = (share * n + z2 / 2) / (n + z2)
    half = sqrt(z2 * (share * (1 - share) * n + z2 / 4)) / (n + z2)
    lo = 0.0 if share == 0 else max(0.0, min(middle - half, share))
    hi = 1.0 if share == 1 else min(1.0, max(middle + half, share))
    return Interval(share, lo, hi)
