"""How long it takes: the Kaplan-Meier curve of grouped counts.

SciPy's `ecdf` wants one number an entity; the marts hold counts per elapsed time, so the product
limit is taken over those directly. A test holds the two equal.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from funnelkit.stats.proportions import z_value

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]


class Curve(NamedTuple):
    """Share converted by elapsed time, 1 - Kaplan-Meier: a step function, right-continuous.

    One item per distinct elapsed time that was given, ascending. `times_us`: microseconds.
    `share`: converted by then, inclusive, 0..1, never falling. `se`: Greenwood's standard error
    of it. `lo`, `hi`: log-log limits, NaN where they are undefined (before the first conversion,
    and once everybody at risk has converted). `at_risk`: entities neither converted nor censored
    just before.
    """

    times_us: Counts
    share: Floats
    se: Floats
    lo: Floats
    hi: Floats
    at_risk: Counts

    def quantile(self, share: float) -> int | None:
        """Microseconds by which this share has converted; None if the curve never gets there."""
        if not 0 < share < 1:
            raise ValueError(f"share == {share}, must be between 0 and 1.")
        at = int(np.searchsorted(self.share, share - 1e-12))
        return int(self.times_us[at]) if at < len(self.share) else None


def kaplan_meier(
    times_us: Sequence[int],
    converted: Sequence[int],
    censored: Sequence[int],
    confidence: float = 0.95,
) -> Curve:
    """1 - Kaplan-Meier of grouped counts: who converted, and who was last seen, at each time.

    The three sequences run in parallel, times in any order (equal times are added up); somebody
    censored at a time is still at risk of converting at it. Empty input gives an empty curve.
    Raises ValueError for unequal lengths, negative times or counts, and a confidence outside 0..1.
    Sources: Kaplan and Meier 1958 (product limit), Greenwood 1926 (variance), Kalbfleisch and
    Prentice 2002, section 1.4.1 (log-log limits). The test reproduces the 6-MP arm of Freireich et
    al. 1963 as tabled in Kleinbaum and Klein, Survival Analysis, chapter 2.
    """
    z = z_value(confidence)
    times, events, losses = _grouped(times_us, converted, censored)
    leaving = events + losses
    at_risk = leaving.sum() - np.cumsum(leaving) + leaving
    # A time at which nobody is at risk changes nothing; 1 keeps the division quiet.
    risk = np.maximum(at_risk, 1)
    survival = np.cumprod(1 - events / risk)
    with np.errstate(divide="ignore", invalid="ignore"):
        greenwood = np.cumsum(np.where(events == 0, 0.0, events / (risk * (risk - events))))
        se = np.where(survival == 0, np.nan, survival * np.sqrt(greenwood))
        width = z * np.sqrt(greenwood) / np.abs(np.log(survival))
        lo, hi = 1 - survival ** np.exp(-width), 1 - survival ** np.exp(width)
    unknown = (survival == 0) | (survival == 1)
    lo[unknown] = hi[unknown] = np.nan
    return Curve(times, 1 - survival, se, lo, hi, at_risk)


def _grouped(
    times_us: Sequence[int], converted: Sequence[int], censored: Sequence[int]
) -> tuple[Counts, Counts, Counts]:
    if not len(times_us) == len(converted) == len(censored):
        raise ValueError("times_us, converted and censored must have equal lengths.")
    columns = [np.asarray(each, dtype=np.int64) for each in (times_us, converted, censored)]
    names = ("times_us", "converted", "censored")
    for name, values in zip(names, columns, strict=True):
        if values.size and values.min() < 0:
            raise ValueError(f"{name} holds {values.min()}, must be >= 0.")
    times, where = np.unique(columns[0], return_inverse=True)
    grouped = []
    for values in columns[1:]:
        total = np.zeros(len(times), dtype=np.int64)
        np.add.at(total, where, values)
        grouped.append(total)
    return times, grouped[0], grouped[1]
