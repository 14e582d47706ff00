"""What a classifier's flags are worth: shares corrected by labels, their error carried along."""

from math import hypot
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy.special import betaincinv

from funnelkit.stats.proportions import NOTHING, Interval, wilson

Bits = NDArray[np.bool_]
Floats = NDArray[np.float64]
Method = Literal["rogan-gladen", "post-stratified"]

LEAST_USABLE = 1.3
"""Se + Sp below this tells too little apart: mentions are counted and no share is told."""
LEAST_LABELS = 300
"""Labels from elsewhere must be this many; fewer carry no share."""
_DRAWS = 4000


class Table(NamedTuple):
    """Labelled texts by flag and label: four counts, "positive" being what the flag looks for."""

    flagged_positive: int
    flagged_negative: int
    passed_positive: int
    passed_negative: int

    @classmethod
    def of(cls, flagged: Bits, positive: Bits) -> "Table":
        """The counts of texts, one item each."""
        f, p = np.asarray(flagged, bool), np.asarray(positive, bool)
        counts = ((f & p).sum(), (f & ~p).sum(), (~f & p).sum(), (~f & ~p).sum())
        return cls(*(int(each) for each in counts))

    @property
    def n(self) -> int:
        """Labelled texts."""
        return sum(self)


class Calibration(NamedTuple):
    """How well flags tell, measured on labels: sensitivity, specificity, and draws of both.

    `se`: share flagged of the positive; `sp`: share passed of the others; None where no label is
    of the kind. `se_draws`, `sp_draws`: from Jeffreys' posteriors, and `at`: quantiles for the
    observed share; one item a draw. Every figure made with one Calibration shares them, so that
    rows differ by what was observed and not by luck.
    """

    se: float | None
    sp: float | None
    n_labels: int
    method: Method
    table: Table
    se_draws: Floats
    sp_draws: Floats
    at: Floats

    @property
    def usable(self) -> bool:
        """Whether flags tell enough for a share: Se + Sp of 1.3 at least."""
        return self.se is not None and self.sp is not None and self.se + self.sp >= LEAST_USABLE

    @property
    def enough(self) -> bool:
        """Whether there are labels enough for `rogan_gladen`: 300."""
        return self.n_labels >= LEAST_LABELS


def measured(
    table: Table,
    random: np.random.Generator,
    method: Method = "rogan-gladen",
    draws: int = _DRAWS,
) -> Calibration:
    """Sensitivity and specificity of flags from labelled texts, with `draws` of either.

    Source: Jeffreys' Beta(1/2, 1/2) prior, as Lang and Reiczigel 2014, Preventive Veterinary
    Medicine 113:13-22, compare for this purpose.
    """
    hit, false, missed, right = table
    return Calibration(
        hit / (hit + missed) if hit + missed else None,
        right / (right + false) if right + false else None,
        table.n,
        method,
        table,
        random.beta(hit + 0.5, missed + 0.5, draws),
        random.beta(right + 0.5, false + 0.5, draws),
        random.random(draws),
    )


def rogan_gladen(
    flagged: int, n: int, calibration: Calibration, confidence: float = 0.95
) -> Interval:
    """Share of n texts that are positive, from how many are flagged and labels from elsewhere.

    (q + Sp - 1) / (Se + Sp - 1), cut at 0 and 1; limits: percentiles over draws of Se, Sp and the
    flagged share. An Interval of None without texts or without labels of both kinds. `usable` and
    `enough` are the caller's to ask: nothing is hidden here.
    Raises ValueError unless 0 <= flagged <= n.
    Source: Rogan and Gladen 1978, American Journal of Epidemiology 107:71-76.
    """
    if not 0 <= flagged <= n:
        raise ValueError(f"flagged == {flagged}, must be between 0 and n == {n}.")
    if n == 0 or calibration.se is None or calibration.sp is None:
        return NOTHING
    at = np.array(flagged / n)
    estimate = float(_corrected(at, np.array(calibration.se), np.array(calibration.sp)))
    observed = np.asarray(betaincinv(flagged + 0.5, n - flagged + 0.5, calibration.at))
    drawn = _corrected(observed, calibration.se_draws, calibration.sp_draws)
    tail = (1 - confidence) / 2
    lo, hi = (float(each) for each in np.quantile(drawn, [tail, 1 - tail]))
    return Interval(estimate, min(lo, estimate), max(hi, estimate))


def poststratified(flagged: int, n: int, table: Table, confidence: float = 0.95) -> Interval:
    """Share of n texts that are positive, from labels drawn at random from these texts.

    The labelled share of either stratum (flagged, passed) by the stratum's share of all n; limits
    are Wilson's per stratum combined by MOVER. A stratum with texts but no labels is all open. An
    Interval of None without texts or labels. Raises ValueError unless 0 <= flagged <= n.
    Source: Cochran 1977, Sampling Techniques, section 5A.9; MOVER: Zou and Donner 2008, Statistics
    in Medicine 27:1693-1702.
    """
    if not 0 <= flagged <= n:
        raise ValueError(f"flagged == {flagged}, must be between 0 and n == {n}.")
    if n == 0 or table.n == 0:
        return NOTHING
    hit, false, missed, right = table
    estimate = below = above = 0.0
    for weight, k, labels in ((flagged, hit, hit + false), (n - flagged, missed, missed + right)):
        p, lo, hi = wilson(k, labels, confidence)
        if p is None or lo is None or hi is None:
            p, lo, hi = 0.5, 0.0, 1.0
        share = weight / n
        estimate += share * p
        below, above = hypot(below, share * (p - lo)), hypot(above, share * (hi - p))
    return Interval(estimate, max(0.0, estimate - below), min(1.0, estimate + above))


def _corrected(observed: Floats, se: Floats, sp: Floats) -> Floats:
    # A draw that tells nothing apart is all or nothing, never a sign turned round.
    apart = np.maximum(se + sp - 1, 1e-9)
    return np.asarray(np.clip((observed + sp - 1) / apart, 0.0, 1.0), np.float64)
