"""Net promoter scores as shares, -1 to 1: their interval, difference, and what a theme takes."""

from math import erfc, hypot, sqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from funnelkit.stats.bootstrap import bootstrap_sums
from funnelkit.stats.proportions import NOTHING, Interval, z_value

_ADDED = 3.0  # answers
_ADDED_EACH = 0.75  # promoters, and as many detractors: passives get the other half
_TIMES = 2000


class Scores(NamedTuple):
    """Answers by kind; fractions where respondents of one account are alike (effective numbers)."""

    promoters: float
    passives: float
    detractors: float

    @property
    def n(self) -> float:
        """All answers."""
        return self.promoters + self.passives + self.detractors

    @property
    def nps(self) -> float | None:
        """Share of promoters less share of detractors, -1..1; None without answers."""
        return (self.promoters - self.detractors) / self.n if self.n else None

    @property
    def variance(self) -> float:
        """Variance of one answer counted 1, 0 or -1 (divided by n). Source: W. Huber's answer."""
        mean = self.nps or 0.0
        return (self.promoters + self.detractors) / self.n - mean**2 if self.n else 0.0


class Difference(NamedTuple):
    """One NPS less another, its limits, and the p-value of "both are equal"."""

    estimate: float | None
    lo: float | None
    hi: float | None
    p: float | None


def nps(promoters: float, passives: float, detractors: float, confidence: float = 0.95) -> Interval:
    """NPS with the adjusted Wald interval: 3 answers more, 3/4 promoters and 3/4 detractors.

    The estimate is the raw NPS; the interval is centred on the adjusted one, cut at -1 and 1, and
    contains the estimate. No answers give an Interval of None. Raises ValueError for a negative
    count or a confidence outside 0..1.
    Source: Rocks 2016, The American Statistician 70:365-372 (AW(3, T)); Lewis and Sauro 2021.
    """
    z = z_value(confidence)
    scores = _checked(promoters, passives, detractors)
    estimate = scores.nps
    if estimate is None:
        return NOTHING
    middle, error = _adjusted(scores)
    lo, hi = max(-1.0, middle - z * error), min(1.0, middle + z * error)
    return Interval(estimate, min(lo, estimate), max(hi, estimate))


def nps_difference(one: Scores, other: Scores, confidence: float = 0.95) -> Difference:
    """NPS of one group less that of another independent one, adjusted Wald, and its z test.

    All None where either has no answers. The limits lie in -2..2 and contain the estimate.
    Source: Lewis and Sauro 2021, "How to statistically compare two Net Promoter Scores": either
    group is adjusted as in `nps`, standard errors add in squares.
    """
    z = z_value(confidence)
    one, other = _checked(*one), _checked(*other)
    if one.nps is None or other.nps is None:
        return Difference(None, None, None, None)
    (first, first_error), (second, second_error) = _adjusted(one), _adjusted(other)
    estimate, middle = one.nps - other.nps, first - second
    error = hypot(first_error, second_error)
    lo, hi = max(-2.0, middle - z * error), min(2.0, middle + z * error)
    p = erfc(abs(middle) / error / sqrt(2))
    return Difference(estimate, min(lo, estimate), max(hi, estimate), p)


def theme_impact(everybody: Scores, without: Scores) -> float | None:
    """NPS of all answers less the NPS of those without the theme: an arithmetic contribution.

    No claim that the NPS would be that without the theme's cause. None where either is empty.
    Source: Thematic's "impact calculation equations"; the test reproduces an example.
    """
    if everybody.nps is None or without.nps is None:
        return None
    return everybody.nps - without.nps


def impact_interval(
    values: NDArray[np.int64],
    mentions: NDArray[np.bool_],
    accounts: NDArray[np.int64],
    random: np.random.Generator,
    confidence: float = 0.95,
    times: int = _TIMES,
) -> Interval:
    """`theme_impact` with its percentile interval: accounts are drawn anew with all their answers.

    `values`: 1 promoter, 0 passive, -1 detractor, per answer; `mentions`: it names the theme;
    `accounts`: a number per answer. None where every answer, or none, names the theme in all.
    Source: Efron and Tibshirani 1993, An Introduction to the Bootstrap, chapter 13.
    """
    if not len(values) or bool(np.all(mentions)):
        return NOTHING
    _, own = np.unique(accounts, return_inverse=True)
    plain = ~np.asarray(mentions, bool)
    columns = (values, np.ones(len(values)), values * plain, plain)
    sums = [np.bincount(own, weights=each) for each in columns]
    units = np.column_stack(sums).astype(np.float64)
    drawn = _impacts(bootstrap_sums(units, times, random))
    drawn = drawn[np.isfinite(drawn)]  # a sample in which every answer names it tells nothing
    estimate = float(_impacts(units.sum(axis=0)))
    if not len(drawn):
        return NOTHING
    tail = (1 - confidence) / 2
    lo, hi = (float(each) for each in np.quantile(drawn, [tail, 1 - tail]))
    return Interval(estimate, min(lo, estimate), max(hi, estimate))


def _impacts(sums: NDArray[np.float64]) -> NDArray[np.float64]:
    """Of sums (values, answers, values without the theme, answers without it), last axis."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(sums[..., 0] / sums[..., 1] - sums[..., 2] / sums[..., 3])


def _adjusted(scores: Scores) -> tuple[float, float]:
    """The adjusted NPS and its standard error."""
    n = scores.n + _ADDED
    promoters = (scores.promoters + _ADDED_EACH) / n
    detractors = (scores.detractors + _ADDED_EACH) / n
    middle = promoters - detractors
    return middle, sqrt((promoters + detractors - middle**2) / n)


def _checked(promoters: float, passives: float, detractors: float) -> Scores:
    for count in (promoters, passives, detractors):
        if not count >= 0:
            raise ValueError(f"count == {count}, must be >= 0.")
    return Scores(promoters, passives, detractors)
