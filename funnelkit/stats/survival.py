"""How long it takes: the Kaplan-Meier curve of grouped counts.

SciPy's `ecdf` wants one number an entity; the marts hold counts per elapsed time, so the product
limit is taken over those directly. A test holds the two equal.
"""

from collections.abc import Sequence
from math import erfc, sqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from funnelkit.stats.proportions import NOTHING, Interval, z_value

Floats = NDArray[np.float64]
Counts = NDArray[np.int64]
_EXACT = 1e-12  # shares are sums of rounded quotients: 0.5 may come out a hair below


class Quantile(NamedTuple):
    """When a share has converted, and the limits of that time, in microseconds.

    None where the curve, or its limit, never gets there: not reached.
    """

    estimate: int | None
    lo: int | None
    hi: int | None


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
        _check_share(share)
        return self._first(self.share, share)

    def quantile_interval(self, share: float) -> Quantile:
        """When this share has converted, with limits: the times at which the band crosses it.

        At the curve's own confidence. Raises ValueError unless 0 < share < 1.
        Source: Brookmeyer and Crowley 1982, Biometrics 38:29-41, with the log-log band; the test
        inverts SciPy's band.
        """
        _check_share(share)
        curves = (self.share, self.hi, self.lo)
        return Quantile(*(self._first(curve, share) for curve in curves))

    def at(self, time_us: int) -> Interval:
        """Share converted by a time, inclusive, with its log-log limits.

        The limits are None where they are undefined. All three are None for an empty curve, and
        for a time after the last one unless all have converted: nobody was watched that long.
        """
        if len(self.times_us) == 0:
            return NOTHING
        if time_us > self.times_us[-1] and self.share[-1] < 1:
            return NOTHING
        last = int(np.searchsorted(self.times_us, time_us, side="right")) - 1
        if last < 0:
            return Interval(0.0, None, None)
        lo, hi = float(self.lo[last]), float(self.hi[last])
        known = not np.isnan(lo)
        return Interval(float(self.share[last]), lo if known else None, hi if known else None)

    def _first(self, curve: Floats, share: float) -> int | None:
        there = np.flatnonzero(curve >= share - _EXACT)  # NaN is nowhere
        return int(self.times_us[there[0]]) if there.size else None


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


def log_rank(
    times_a: Sequence[int],
    converted_a: Sequence[int],
    censored_a: Sequence[int],
    times_b: Sequence[int],
    converted_b: Sequence[int],
    censored_b: Sequence[int],
) -> float | None:
    """Two-sided p-value of "both groups convert at the same pace": the log-rank test.

    Grouped counts of two groups, each as `kaplan_meier` takes them. None when there is nothing to
    compare: a group without anybody, or no conversion while both are at risk. Raises ValueError as
    `kaplan_meier` does.
    Source: Mantel 1966, Cancer Chemotherapy Reports 50:163-170, hypergeometric variance; the test
    reproduces 6-MP against placebo as in Kleinbaum and Klein, Survival Analysis, chapter 2.
    """
    z = _log_rank_z(
        _grouped(times_a, converted_a, censored_a), _grouped(times_b, converted_b, censored_b)
    )
    return None if z is None else erfc(abs(z) / sqrt(2))


def _log_rank_z(a: tuple[Counts, Counts, Counts], b: tuple[Counts, Counts, Counts]) -> float | None:
    times = np.union1d(a[0], b[0])
    (events_a, risk_a), (events_b, risk_b) = (_on(times, *group) for group in (a, b))
    events, risk = events_a + events_b, risk_a + risk_b
    part = risk_a / np.maximum(risk, 1)
    spread = events * part * (1 - part) * (risk - events) / np.maximum(risk - 1, 1)
    variance = float(spread.sum())
    return float((events_a - events * part).sum()) / sqrt(variance) if variance > 0 else None


def _on(times: Counts, own: Counts, events: Counts, losses: Counts) -> tuple[Floats, Floats]:
    """Conversions and numbers at risk of a group at the times of both, as fractions."""
    here = np.searchsorted(times, own)
    found, leaving = np.zeros(len(times)), np.zeros(len(times))
    found[here], leaving[here] = events, events + losses
    return found, leaving.sum() - np.cumsum(leaving) + leaving


def _check_share(share: float) -> None:
    if not 0 < share < 1:
        raise ValueError(f"share == {share}, must be between 0 and 1.")


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
