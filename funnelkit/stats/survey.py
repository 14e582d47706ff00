"""Respondents weighted to everybody: raked on what is known of all, then shares on Kish's n.

The only module that knows svy, which is imported when weights are made and not before.
"""

from collections.abc import Mapping, Sequence
from math import sqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from funnelkit.stats.evidence import LEAST_N
from funnelkit.stats.proportions import NOTHING, Clusters, Interval, wilson

Counts = NDArray[np.int64]
Floats = NDArray[np.float64]
Bits = NDArray[np.bool_]

WIDEST_DEFF = 3.0
FPC_FROM = 0.1
"""From this share of the population on, respondents are counted as drawn without replacement."""
_CLOSE = 1e-10  # how far a raked margin may be off its target, relatively
_ROUNDS = 10_000


class Kish(NamedTuple):
    """What unequal weights leave: `n` respondents are worth `n_eff` = n / `deff`.

    Nobody: 0 and a design effect of 1.
    """

    n: int
    n_eff: float
    deff: float


class Gap(NamedTuple):
    """A weighted mean of say less do, its standard error, Kish's n and limits."""

    gap: float
    se: float
    n_eff: float
    lo: float
    hi: float


def rake(
    codes: Sequence[Counts],
    targets: Sequence[Floats],
    base: Floats | None = None,
    names: Sequence[str] | None = None,
) -> Floats:
    """Weights of respondents that meet every margin, nearest to `base`: their sum is everybody.

    `codes`: for each margin the level of every respondent, from 0; `targets`: for each margin how
    many of everybody are at each level. `base`: weights to start from, 1 each by default. `names`
    of the margins, for errors. Raises ValueError where a level has people but no respondent, a
    respondent has no people, margins tell different totals, or no weights meet them all.
    Source: Deming and Stephan 1940, Annals of Mathematical Statistics 11:427-444; svy does it,
    and the tests reproduce R's survey::rake on the apiclus1 sample.
    """
    names = names or [f"margin {number}" for number in range(1, len(codes) + 1)]
    for name, own, wanted in zip(names, codes, targets, strict=True):
        _check_margin(name, own, wanted)
    start = np.ones(len(codes[0])) if base is None else np.asarray(base, np.float64)
    return _raked(list(codes), list(targets), start, list(names))


def kish(weights: Floats) -> Kish:
    """Kish's design effect of weights, n sum w² / (sum w)², and the effective n, (sum w)² / sum w².

    Weights of 0 count as respondents. Raises ValueError for a negative weight.
    Source: Kish 1965, Survey Sampling, section 11.7; the test reproduces balance's examples.
    """
    weights = np.asarray(weights, np.float64)
    if (weights < 0).any():
        raise ValueError("weights must be >= 0.")
    total, squares = float(weights.sum()), float(weights @ weights)
    if squares == 0:
        return Kish(len(weights), 0.0, 1.0)
    return Kish(len(weights), total**2 / squares, len(weights) * squares / total**2)


def population_allowed(found: Kish) -> bool:
    """Whether figures of everybody may be told from these weights; else only of respondents.

    Source: say-do.md; 30 effective respondents are the NCHS standard of Parker et al. 2017.
    """
    return found.n_eff >= LEAST_N and found.deff <= WIDEST_DEFF


def weighted_share(
    weights: Floats,
    flags: Bits,
    population: int | None = None,
    confidence: float = 0.95,
    alike: float = 1.0,
) -> Interval:
    """Share of everybody with the flag, Wilson's interval on the effective number of respondents.

    Weights are taken as given. `population`: how many everybody are; where respondents are more
    than a tenth of them the variance shrinks by 1 - n / N. `alike`: the design effect of
    respondents of one account (`design_effect`). An Interval of None without weight.
    Source: say-do.md, by measured coverage (docs/say-do-evidence.md): Kish's n for Wilson's.
    """
    weights = np.asarray(weights, np.float64)
    found = kish(weights)
    if found.n_eff == 0:
        return NOTHING
    # Weights are fractions: the sums of all and of some round apart by a hair.
    share = min(1.0, float(weights[np.asarray(flags, bool)].sum()) / float(weights.sum()))
    n = effective_n(found.n_eff / alike, found.n, population)
    if n == np.inf:
        return Interval(share, share, share)
    return wilson(share * n, n, confidence)


def effective_n(n_eff: float, n: int, population: int | None) -> float:
    """n_eff with the finite population correction, n_eff / (1 - n / N) where n / N > 0.1.

    Infinite when everybody answered: nothing is left to chance.
    """
    if population is None or n <= FPC_FROM * population:
        return n_eff
    return n_eff / (1 - n / population) if n < population else np.inf


def design_effect(values: Bits | Counts | Floats, accounts: Counts) -> float:
    """How much less a mean tells because respondents of one account are alike; 1 at least.

    `values`: one a respondent: a flag, or say less do (1, 0, -1); `accounts`: a number each. For
    flags it is `proportions.Clusters.design_effect`, whose source and rules (values that never
    vary, accounts of one) it shares.
    """
    each = np.asarray(values, np.float64)
    _, own, sizes = np.unique(np.asarray(accounts), return_inverse=True, return_counts=True)
    if sizes.max(initial=0) < 2:
        return 1.0
    residuals = each - each.mean()
    spread, groups = float(residuals @ residuals), len(sizes)
    if groups < 2 or spread <= 1e-12:
        return max(1.0, float(sizes @ sizes) / len(each))
    sums = np.bincount(own, weights=residuals)
    return max(1.0, groups / (groups - 1) * float(sums @ sums) / spread)


def clusters(flags: Bits, accounts: Counts) -> Clusters:
    """The sums over accounts that `proportions.clustered_wilson` takes."""
    if not len(flags):
        return Clusters(0, 0, 0, 0, 0, 0)
    _, own, sizes = np.unique(np.asarray(accounts), return_inverse=True, return_counts=True)
    x = np.bincount(own, weights=np.asarray(flags, np.float64)).astype(np.int64)
    m = sizes.astype(np.int64)
    sums = (x.sum(), m.sum(), x @ x, x @ m, m @ m)
    return Clusters(len(m), *(int(each) for each in sums))


def merge_levels(counts: Sequence[int], least: int = LEAST_N, ordered: bool = True) -> list[int]:
    """The new level of each old one, so that every level has `least` respondents.

    `counts`: respondents per level. Ordered levels (bands) merge with the smaller neighbour, the
    smallest first; others fold into one, with the smallest of the rest where that is too few
    still. New levels are numbered from 0 in the order of their first old one. Fewer than `least`
    in all make one level.
    """
    if sum(counts) < least:
        return [0] * len(counts)
    groups = _neighbours(counts, least) if ordered else _folded(counts, least)
    first = {each: min(where) for each, where in enumerate(groups)}
    numbers = {each: number for number, each in enumerate(sorted(first, key=lambda at: first[at]))}
    found = [0] * len(counts)
    for each, where in enumerate(groups):
        for level in where:
            found[level] = numbers[each]
    return found


def linearised_gap(weights: Floats, say: Bits, do: Bits, confidence: float = 0.95) -> Gap:
    """Weighted mean of say less do, Taylor-linearised error, t limits with n - 1 degrees.

    The cross-check of the weighted gap, not printed: after raking its interval is too narrow.
    Raises ValueError for fewer than two respondents.
    Source: Särndal, Swensson and Wretman 1992, Model Assisted Survey Sampling, section 5.6.
    """
    from scipy.special import stdtrit

    weights = np.asarray(weights, np.float64)
    n = len(weights)
    if n < 2:
        raise ValueError(f"n == {n}, must be >= 2.")
    each = np.asarray(say, np.float64) - np.asarray(do, np.float64)
    total = float(weights.sum())
    gap = float(weights @ each) / total
    residuals = weights * (each - gap)
    se = sqrt(n / (n - 1) * float(residuals @ residuals)) / total
    half = float(stdtrit(n - 1, (1 + confidence) / 2)) * se
    return Gap(gap, se, kish(weights).n_eff, gap - half, gap + half)


def _check_margin(name: str, own: Counts, wanted: Floats) -> None:
    own, wanted = np.asarray(own), np.asarray(wanted, np.float64)
    if not len(own):
        raise ValueError("Nobody answered: there is nothing to weight.")
    if own.min() < 0 or own.max() >= len(wanted):
        raise ValueError(f"{name}: levels must be between 0 and {len(wanted) - 1}.")
    answered = np.bincount(own, minlength=len(wanted))
    for level in np.flatnonzero((answered == 0) != (wanted <= 0)).tolist():
        lacking = "respondent" if answered[level] == 0 else "person in the population"
        raise ValueError(f"{name}: no {lacking} is at level {level}.")


def _raked(codes: list[Counts], targets: list[Floats], start: Floats, names: list[str]) -> Floats:
    import polars as pl
    from svy import Design, Sample
    from svy.errors import SvyError

    columns = {f"m{at}": np.asarray(own, np.int64) for at, own in enumerate(codes)}
    controls: Mapping[str, Mapping[int, float]] = {
        f"m{at}": {level: float(each) for level, each in enumerate(wanted) if each > 0}
        for at, wanted in enumerate(targets)
    }
    sample = Sample(pl.DataFrame({**columns, "base": start}), Design(wgt="base"))
    try:
        sample = sample.weighting.rake(
            controls=controls, wgt_name="raked", tol=_CLOSE, max_iter=_ROUNDS
        )
    except SvyError as error:
        raise ValueError(f"No weights meet {', '.join(names)} at once: {error}") from error
    return np.asarray(sample.data["raked"].to_numpy(), np.float64)


def _neighbours(counts: Sequence[int], least: int) -> list[list[int]]:
    groups = [[level] for level in range(len(counts))]
    sizes = list(counts)
    while len(groups) > 1 and min(sizes) < least:
        at = sizes.index(min(sizes))
        beside = [each for each in (at - 1, at + 1) if 0 <= each < len(groups)]
        into = min(beside, key=lambda each: sizes[each])
        low, high = sorted((at, into))
        groups[low : high + 1] = [groups[low] + groups[high]]
        sizes[low : high + 1] = [sizes[low] + sizes[high]]
    return groups


def _folded(counts: Sequence[int], least: int) -> list[list[int]]:
    small = [level for level, count in enumerate(counts) if count < least]
    if not small:
        return [[level] for level in range(len(counts))]
    kept = sorted(
        (level for level in range(len(counts)) if level not in small),
        key=lambda level: (counts[level], level),
    )
    while kept and sum(counts[level] for level in small) < least:
        small.append(kept.pop(0))
    return [small, *([level] for level in kept)]
