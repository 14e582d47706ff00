"""Proportions and their intervals, with the standard library alone: `funnel` prints them fast."""

from functools import lru_cache
from math import sqrt
from statistics import NormalDist
from typing import NamedTuple


class Interval(NamedTuple):
    """An estimate and its confidence limits, as fractions.

    All three are None when nothing was observed: no number at all rather than a misleading one.
    """

    estimate: float | None
    lo: float | None
    hi: float | None


NOTHING = Interval(None, None, None)


def wilson(successes: int, n: int, confidence: float = 0.95) -> Interval:
    """Wilson score interval of a proportion, without continuity correction.

    `successes` of `n` independent trials; `n == 0` gives an Interval of None. The limits lie in
    0..1, contain the estimate, and are exactly 0 or 1 at its side when none or all succeed.
    Raises ValueError unless 0 <= successes <= n and 0 < confidence < 1.
    Source: Newcombe 1998, Statistics in Medicine 17:857-872, method 3; the test reproduces its
    Table I.
    """
    if n < 0:
        raise ValueError(f"n == {n}, must be >= 0.")
    if not 0 <= successes <= n:
        raise ValueError(f"successes == {successes}, must be between 0 and n == {n}.")
    if n == 0:
        z_value(confidence)
        return NOTHING
    z2 = z_value(confidence) ** 2
    share = successes / n
    middle = (successes + z2 / 2) / (n + z2)
    half = sqrt(z2 * (share * (1 - share) * n + z2 / 4)) / (n + z2)
    lo = 0.0 if successes == 0 else max(0.0, min(middle - half, share))
    hi = 1.0 if successes == n else min(1.0, max(middle + half, share))
    return Interval(share, lo, hi)


@lru_cache(maxsize=16)
def z_value(confidence: float) -> float:
    """The standard normal quantile of a two-sided `confidence`: 1.95996 for 0.95.

    Raises ValueError unless 0 < confidence < 1.
    """
    if not 0 < confidence < 1:
        raise ValueError(f"confidence == {confidence}, must be between 0 and 1.")
    return NormalDist().inv_cdf((1 + confidence) / 2)
