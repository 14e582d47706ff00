"""Two answers of the same people: a difference of paired shares, its test, and how they agree."""

from math import hypot, sqrt

from scipy.special import betainc

from funnelkit.stats.proportions import NOTHING, Interval, wilson

LITERATURE_PHI = (0.38, 0.41)
"""How strongly what people say they use goes with what logs show, beside our phi.

Source: say-do.md; 0.38 is that of self-reported against logged media use over many studies, Parry
et al. 2021, Nature Human Behaviour 5:1535-1547.
"""


def newcombe_paired(
    a: float, b: float, c: float, d: float, confidence: float = 0.95, corrected: bool = True
) -> Interval:
    """Newcombe's square-and-add interval of the difference of two paired shares, (b - c) / n.

    `a`: both yes, `b`: first yes and second no, `c`: first no and second yes, `d`: both no; they
    may be fractions: effective numbers. Nobody gives an Interval of None. `corrected` takes n / 2
    off a positive ad - bc (method 10), else method 8. The limits lie in -1..1 and contain the
    estimate. Raises ValueError for a negative count or a confidence outside 0..1.
    Source: Newcombe 1998, Statistics in Medicine 17:2635-2650, method 10; tests reproduce its
    worked example and enumerate a mean coverage of 0.953 at n = 30.
    """
    _check(a, b, c, d)
    n = a + b + c + d
    p1, lo1, hi1 = wilson(a + b, n, confidence)
    p2, lo2, hi2 = wilson(a + c, n, confidence)
    if p1 is None or p2 is None or lo1 is None or lo2 is None or hi1 is None or hi2 is None:
        return NOTHING
    alike = _correlation(a, b, c, d, n / 2 if corrected else 0.0) or 0.0
    difference = (b - c) / n
    below, above = _across(p1 - lo1, hi2 - p2, alike), _across(hi1 - p1, p2 - lo2, alike)
    return Interval(difference, max(-1.0, difference - below), min(1.0, difference + above))


def mcnemar_mid_p(b: float, c: float) -> float:
    """Two-sided mid-p value of "both shares are equal" from the discordant counts b and c.

    1 where there are none. Fractions (effective numbers) take the binomial's continuation by the
    incomplete beta function. Raises ValueError for a negative count.
    Source: Fagerland, Lydersen and Laake 2013, BMC Medical Research Methodology 13:91: the exact
    conditional p less the probability of what was seen, half of it where b = c; the test reproduces
    their worked example.
    """
    _check(b, c)
    n, fewer = b + c, min(b, c)
    if n == 0:
        return 1.0
    up_to, below = _binomial_cdf(fewer, n), _binomial_cdf(fewer - 1, n)
    return 1 - (up_to - below) / 2 if b == c else min(1.0, up_to + below)


def phi(a: float, b: float, c: float, d: float) -> float | None:
    """Correlation of the two answers, -1..1; None where one of them is the same for everybody.

    Cells as in `newcombe_paired`. Stands without an interval, as in `association.TwoByTwo`.
    """
    _check(a, b, c, d)
    return _correlation(a, b, c, d, 0.0)


def _correlation(a: float, b: float, c: float, d: float, correction: float) -> float | None:
    margins = (a + b) * (c + d) * (a + c) * (b + d)
    if not margins:
        return None
    product = a * d - b * c
    return (max(product - correction, 0.0) if product > 0 else product) / sqrt(margins)


def _across(one: float, other: float, alike: float) -> float:
    """The length that two half-intervals make together, their estimates correlated."""
    # Rounding alone can take a square of 0 below it.
    return sqrt(max(0.0, hypot(one, other) ** 2 - 2 * alike * one * other))


def _binomial_cdf(successes: float, n: float) -> float:
    """P(X <= successes) of n fair coins."""
    if successes < 0:
        return 0.0
    return 1.0 if successes >= n else float(betainc(n - successes, successes + 1, 0.5))


def _check(*counts: float) -> None:
    for count in counts:
        if not count >= 0:
            raise ValueError(f"count == {count}, must be >= 0.")
