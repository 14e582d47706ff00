"""Revenue of customers in a cell: the exact sum of the named ones, and an estimate of the rest.

The two are never added by a reader: the estimate has the named ones in it.
"""

from collections.abc import Sequence
from math import sqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from funnelkit.stats.evidence import FEWEST
from funnelkit.stats.proportions import wilson

Counts = NDArray[np.int64]
Bits = NDArray[np.bool_]

BANDS = 10
LEAST_RESPONDENTS = 8
ONE_ACCOUNT_STORY = "most of it one account's"
_STORY_FROM = 0.5


class Identified(NamedTuple):
    """Revenue of named customers: how many, the exact sum, the largest one's share of it.

    `effective`: 1 / sum(share²), how many customers of equal size would be as concentrated. Share
    and number are None where there is no revenue. Source: Hirschman and Herfindahl's index.
    """

    customers: int
    cents: int
    largest_share: float | None
    effective: float | None

    @property
    def label(self) -> str:
        """`most of it one account's` where one has more than half of the revenue, else empty."""
        share = self.largest_share
        return ONE_ACCOUNT_STORY if share is not None and share > _STORY_FROM else ""

    @property
    def shown(self) -> bool:
        """Whether the sum may be printed in a report: five customers at least."""
        return self.customers >= FEWEST


class Estimated(NamedTuple):
    """Revenue of everybody in a cell in cents, with limits; the named ones' exact sum is in it."""

    cents: float
    lo: float
    hi: float


def identified(revenues: Sequence[int] | Counts) -> Identified:
    """The revenue of a cell's named customers, in cents, one number a customer.

    Customers of unknown revenue are not in it. Raises ValueError for a negative revenue.
    """
    cents = np.asarray(revenues, np.int64)
    _check(cents)
    total = int(cents.sum())
    if total == 0:
        return Identified(len(cents), 0, None, None)
    shares = np.sort(cents) / total
    return Identified(len(cents), total, float(shares[-1]), 1 / float(shares @ shares))


def bands(
    revenues: Counts, respondents: Bits, k: int = BANDS, least: int = LEAST_RESPONDENTS
) -> Counts:
    """The revenue band of every customer, from 0 for the smallest: bands of equal total revenue.

    `revenues`: cents of everybody; `respondents`: who of them answered. Neighbouring bands merge,
    that with the fewest respondents first, until each has `least`; customers of equal revenue are
    in one band. Fewer than `least` respondents in all make one band.
    Source: say-do.md; cumulated size is how Dalenius and Hodges 1959, JASA 54:88-101, and audit
    sampling cut skewed populations.
    """
    _check(revenues)
    sizes, own = np.unique(revenues, return_inverse=True)
    held = np.cumsum(sizes * np.bincount(own, minlength=len(sizes)))
    total = int(held[-1]) if len(held) else 0
    if total == 0:
        return np.zeros(len(revenues), np.int64)
    # A size is where the middle of its own revenue falls.
    middle = np.concatenate([[0], held[:-1]]) + held
    cut = np.minimum(k * middle // (2 * total), k - 1).astype(np.int64)
    answered = np.bincount(cut[own], weights=respondents, minlength=k).astype(np.int64)
    return np.asarray(np.asarray(_merged(answered.tolist(), least), np.int64)[cut[own]])


def estimated(
    revenues: Counts,
    respondents: Bits,
    flags: Bits,
    band: Counts | None = None,
    confidence: float = 0.95,
) -> Estimated | None:
    """Revenue of everybody in the cell: the named ones', and p_h of the others' in each band h.

    One item a customer: cents, whether it answered, whether its answer put it in the cell, and its
    band (`bands` by default). p_h: share of the band's respondents in the cell; limits are Wilson's
    per band combined by MOVER, on an n that counts how few large customers did not answer: it is
    their own share that is wanted, not that of infinitely many like them (without this coverage
    falls to 0.77, docs/say-do-evidence.md). None without respondents. Raises ValueError for a flag
    without an answer.
    Source: say-do.md; MOVER: Zou and Donner 2008, Statistics in Medicine 27:1693-1702; the n:
    Valliant, Dorfman and Royall 2000, Finite Population Sampling and Inference, on prediction.
    """
    _check(revenues)
    answered, inside = np.asarray(respondents, bool), np.asarray(flags, bool)
    if bool((inside & ~answered).any()):
        raise ValueError("Only who answered can be in a cell.")
    if not answered.any():
        return None
    band = bands(revenues, answered) if band is None else band
    known = float(revenues[inside].sum())
    point = below = above = 0.0
    for own in range(int(band.max()) + 1):
        where = band == own
        rest = revenues[where & ~answered].astype(np.float64)
        others = float(rest.sum())
        p, lo, hi = _share(inside[where].sum(), answered[where].sum(), rest, confidence)
        point += p * others
        below += (others * (p - lo)) ** 2
        above += (others * (hi - p)) ** 2
    middle = known + point
    return Estimated(middle, max(known, middle - sqrt(below)), middle + sqrt(above))


def _share(
    k: int, n: int, rest: NDArray[np.float64], confidence: float
) -> tuple[float, float, float]:
    """Share of a band's other revenue in the cell, from k of its n respondents, with limits."""
    if n == 0:
        return 0.5, 0.0, 1.0  # all of it is open
    squares = float(rest @ rest)
    # Kish's number of the others adds its part to the variance: 1 / n + 1 / n_others.
    n_eff = 1 / (1 / n + squares / float(rest.sum()) ** 2) if squares else float(n)
    p, lo, hi = wilson(k / n * n_eff, n_eff, confidence)
    return p or 0.0, lo or 0.0, hi or 0.0


def _merged(answered: list[int], least: int) -> list[int]:
    """The new number of each band, neighbours merged."""
    number = list(range(len(answered)))
    while max(number) > 0 and min(answered) < least:
        at = answered.index(min(answered))
        beside = [each for each in (at - 1, at + 1) if 0 <= each < len(answered)]
        into = min(beside, key=lambda each: answered[each])
        low = min(at, into)
        answered[low : low + 2] = [answered[low] + answered[low + 1]]
        number = [each - 1 if each > low else each for each in number]
    return number


def _check(cents: Counts) -> None:
    if (np.asarray(cents) < 0).any():
        raise ValueError("Revenue must be >= 0 cents.")
