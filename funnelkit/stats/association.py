"""Does a behaviour go with an outcome? The 2x2 table, and the risk difference across strata."""

from math import sqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr

from funnelkit.stats.proportions import z_value

Floats = NDArray[np.float64]


class TwoByTwo(NamedTuple):
    """Entities by behaviour (reached it or not) and outcome (had it or not): four counts.

    Each figure is None where its denominator is 0. phi stands without an interval: Fisher's z,
    made for two normal variables, covers 75 to 95 % here where it promises 95. `ppv` (the rate
    among reachers) means nothing without `base_rate`.
    Source: the ratios of Amplitude Compass's documentation, which the test reproduces; phi is
    Matthews 1975, Biochimica et Biophysica Acta 405:442-451.
    """

    with_both: int
    reached_only: int
    outcome_only: int
    with_neither: int

    @property
    def n(self) -> int:
        """Everybody in the table."""
        return sum(self)

    @property
    def reachers(self) -> int:
        """Those who reached the behaviour."""
        return self.with_both + self.reached_only

    @property
    def others(self) -> int:
        """Those who did not."""
        return self.outcome_only + self.with_neither

    @property
    def successes(self) -> int:
        """Those with the outcome."""
        return self.with_both + self.outcome_only

    @property
    def rarer(self) -> int:
        """How many have the outcome, or have it not: the smaller number."""
        return min(self.successes, self.n - self.successes)

    @property
    def base_rate(self) -> float | None:
        """Share of all with the outcome."""
        return _ratio(self.successes, self.n)

    @property
    def reach(self) -> float | None:
        """Share of all who reached the behaviour."""
        return _ratio(self.reachers, self.n)

    @property
    def ppv(self) -> float | None:
        """Share of the reachers with the outcome."""
        return _ratio(self.with_both, self.reachers)

    @property
    def rate_without(self) -> float | None:
        """Share of the others with the outcome."""
        return _ratio(self.outcome_only, self.others)

    @property
    def sensitivity(self) -> float | None:
        """Share of those with the outcome who reached the behaviour."""
        return _ratio(self.with_both, self.successes)

    @property
    def specificity(self) -> float | None:
        """Share of those without the outcome who did not reach it."""
        return _ratio(self.with_neither, self.n - self.successes)

    @property
    def lift(self) -> float | None:
        """The rate among reachers over the base rate."""
        return _ratio(self.with_both * self.n, self.reachers * self.successes)

    @property
    def odds_ratio(self) -> float | None:
        """Odds of the outcome among reachers over those among the others: raw, nothing added."""
        return _ratio(self.with_both * self.with_neither, self.reached_only * self.outcome_only)

    @property
    def phi(self) -> float | None:
        """Correlation of behaviour and outcome, -1..1."""
        margins = self.reachers * self.others * self.successes * (self.n - self.successes)
        product = self.with_both * self.with_neither - self.reached_only * self.outcome_only
        return product / sqrt(margins) if margins else None


class RiskDifferences(NamedTuple):
    """Common risk differences, one item per table: estimate, standard error, limits, p.

    NaN throughout where no stratum holds both groups. `p`: two-sided, of "no difference"; 1 where
    estimate and standard error are both 0.
    """

    estimate: Floats
    se: Floats
    lo: Floats
    hi: Floats
    p: Floats


def mantel_haenszel(
    with_x1: ArrayLike, n1: ArrayLike, with_x0: ArrayLike, n0: ArrayLike, confidence: float = 0.95
) -> RiskDifferences:
    """Mantel-Haenszel risk differences of reachers (1) against others (0), Sato's variance.

    Counts of shape (tables, strata), or (strata,) for a single table: `with_x1` of `n1` reachers
    had the outcome, `with_x0` of `n0` others. The variance holds both for few large strata and for
    many small ones; strata with one group only add nothing. Limits are cut at -1 and 1. Raises
    ValueError for a confidence outside 0..1.
    Source: Mantel and Haenszel 1959; Sato 1989, Biometrics 45:1323-1324; the test reproduces the
    tolbutamide trial of Rothman, Greenland and Lash 2008, table 15-1.
    """
    z = z_value(confidence)
    a, m1, b, m0 = (
        np.atleast_2d(np.asarray(each, np.float64)) for each in (with_x1, n1, with_x0, n0)
    )
    total = np.maximum(m1 + m0, 1.0)
    weight = (m1 * m0 / total).sum(axis=1)
    p_part = (m1**2 * b - m0**2 * a + m1 * m0 * (m0 - m1) / 2) / total**2
    q_part = (a * (m0 - b) + b * (m1 - a)) / (2 * total)
    with np.errstate(divide="ignore", invalid="ignore"):
        estimate = ((a * m0 - b * m1) / total).sum(axis=1) / weight
        # Rounding alone can take a variance of 0 below it.
        variance = np.maximum(estimate * p_part.sum(axis=1) + q_part.sum(axis=1), 0.0)
        se = np.sqrt(variance) / weight
    lo, hi = np.maximum(estimate - z * se, -1.0), np.minimum(estimate + z * se, 1.0)
    return RiskDifferences(estimate, se, lo, hi, normal_p(estimate, se))


def normal_p(estimate: ArrayLike, se: ArrayLike) -> Floats:
    """Two-sided p-values of "the estimate is 0", from its standard error; NaN stays NaN."""
    value, error = np.asarray(estimate, np.float64), np.asarray(se, np.float64)
    with np.errstate(divide="ignore", invalid="ignore"):
        z = np.where((value == 0) & (error == 0), 0.0, np.abs(value) / error)
    return np.asarray(2 * ndtr(-z), np.float64)


def _ratio(part: int, whole: int) -> float | None:
    return part / whole if whole else None
