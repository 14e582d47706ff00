"""Experiments: were the groups made as planned, and how far do they differ?"""

from collections.abc import Sequence
from math import fsum

from funnelkit.stats.evidence import LEAST_SRM_P
from funnelkit.stats.proportions import Interval, newcombe, two_proportion_p


def srm_p(observed: Sequence[int], shares: Sequence[float]) -> float:
    """p-value of "groups have the sizes that were planned": chi-square, k - 1 degrees of freedom.

    `observed`: units per variant; `shares`: the planned ones, any positive scale (1 : 1 or 50 : 50
    alike). 1 where nobody was exposed. Raises ValueError for other lengths or numbers.
    Source: Fabijan et al. 2019, KDD; the test reproduces Kohavi, Tang and Xu 2020, p = 1.8e-6.
    """
    if len(observed) != len(shares) or len(observed) < 2:
        raise ValueError(f"{len(observed)} groups and {len(shares)} shares, must be as many, >= 2.")
    if min(observed) < 0 or min(shares) <= 0:
        raise ValueError("Group sizes must be >= 0 and shares > 0.")
    from scipy.special import chdtrc

    n, whole = sum(observed), fsum(shares)
    if n == 0:
        return 1.0
    planned = [n * share / whole for share in shares]
    chi2 = fsum((o - e) ** 2 / e for o, e in zip(observed, planned, strict=True))
    return float(chdtrc(len(observed) - 1, chi2))


def mismatched(p: float) -> bool:
    """Whether the groups are not what chance made of the plan: no result is read (p < 0.001)."""
    return p < LEAST_SRM_P


def difference(k1: float, n1: float, k0: float, n0: float, confidence: float = 0.95) -> Interval:
    """Conversion of a treatment (k1 of n1) less that of control (k0 of n0), Newcombe's interval."""
    return newcombe(k1, n1, k0, n0, confidence)


def difference_p(k1: float, n1: float, k0: float, n0: float) -> float | None:
    """Two-sided p-value of "treatment and control convert alike"; None where either is empty."""
    return two_proportion_p(k1, n1, k0, n0)
