"""Threshold or slope: does the outcome rise with a step at k, or with every further time?"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from funnelkit.jobs.aha_study import Bytes
from funnelkit.jobs.halves import Counts
from funnelkit.stats.association import Floats

THRESHOLD, SLOPE, FALLING, UNKNOWN = "threshold", "more is better", "more is worse", "cannot tell"
Form = Callable[[Floats], Floats]
_HALF_TIMES = (1.0, 2.0, 3.0, 5.0, 7.0, 10.0, 15.0, 20.0, 30.0)
_CLEAR = 1.64
_ROUNDS = 30


class Grouped(NamedTuple):
    """Entrants by how often they did the event: `times`, how many, how many with the outcome."""

    times: Floats
    people: Floats
    successes: Floats

    @classmethod
    def of(cls, times: Counts, outcome: Bytes) -> "Grouped":
        """The groups of equal counts."""
        values, where = np.unique(times, return_inverse=True)
        people = np.bincount(where, minlength=len(values))
        successes = np.bincount(where, weights=outcome, minlength=len(values))
        return cls(*(np.asarray(each, np.float64) for each in (values, people, successes)))


def shape(proposing: Grouped, deciding: Grouped, at_least: int) -> str:
    """Which of the two models, fitted in D, tells the outcomes of V better.

    A step at `at_least` against the better (in D) of a + b ln(1+N) and a + b N/(N+h), both for the
    log-odds. z of the mean difference of log-likelihoods per entrant of V: above 1.64 a threshold,
    below -1.64 a slope.
    Source: Vuong 1989, Econometrica 57:307-333, on data that fitted neither model.
    """
    step = _step(proposing, at_least)
    slopes: list[Form] = [np.log1p, *(_saturating(half) for half in _HALF_TIMES)]
    fits = [(_logistic(each(proposing.times), proposing), each) for each in slopes]
    (a, b), form = max(fits, key=lambda fit: _log_likelihood(fit[0], fit[1], proposing))
    ours = step[(deciding.times >= at_least).astype(np.int64)]
    theirs = _inside(_inverse_logit(a + b * form(deciding.times)), proposing.people.sum())
    z = _vuong(ours, theirs, deciding)
    if z > _CLEAR:
        return THRESHOLD
    if z < -_CLEAR:
        return SLOPE if b > 0 else FALLING
    return UNKNOWN


def _step(grouped: Grouped, at_least: int) -> Floats:
    """Rates below and from the step on; half an entrant each way keeps them off 0 and 1."""
    there = grouped.times >= at_least
    return np.asarray(
        [
            (grouped.successes[part].sum() + 0.5) / (grouped.people[part].sum() + 1)
            for part in (~there, there)
        ]
    )


def _saturating(half: float) -> Form:
    return lambda times: np.asarray(times / (times + half))


def _logistic(x: Floats, grouped: Grouped) -> tuple[float, float]:
    """Intercept and slope of the log-odds by Newton's method; a faint prior keeps them finite."""
    design = np.stack([np.ones_like(x), x], axis=1)
    beta, prior = np.zeros(2), 1e-6 * np.eye(2)
    for _ in range(_ROUNDS):
        rate = _inverse_logit(design @ beta)
        slope = design.T @ (grouped.successes - grouped.people * rate) - prior @ beta
        weights = grouped.people * rate * (1 - rate)
        step = np.linalg.solve(design.T @ (design * weights[:, None]) + prior, slope)
        beta = beta + np.clip(step, -5, 5)
        if np.abs(step).max() < 1e-9:
            break
    return float(beta[0]), float(beta[1])


def _log_likelihood(beta: tuple[float, float], form: Form, grouped: Grouped) -> float:
    x = form(grouped.times)
    rate = _inside(_inverse_logit(beta[0] + beta[1] * x), grouped.people.sum())
    failures = grouped.people - grouped.successes
    return float((grouped.successes * np.log(rate) + failures * np.log1p(-rate)).sum())


def _vuong(ours: Floats, theirs: Floats, grouped: Grouped) -> float:
    """z of the mean difference of log-likelihoods per entrant; 0 where they never differ."""
    success, failure = np.log(ours / theirs), np.log((1 - ours) / (1 - theirs))
    failures = grouped.people - grouped.successes
    n = grouped.people.sum()
    mean = (grouped.successes * success + failures * failure).sum() / n
    square = (grouped.successes * success**2 + failures * failure**2).sum() / n
    spread = np.sqrt(max(square - mean**2, 0.0))
    return float(np.sqrt(n) * mean / spread) if spread > 1e-12 else 0.0


def _inverse_logit(x: NDArray[np.float64]) -> Floats:
    return 1 / (1 + np.exp(-np.clip(x, -30, 30)))


def _inside(rate: Floats, n: float) -> Floats:
    edge = 0.5 / (n + 1)
    return np.clip(rate, edge, 1 - edge)
