import numpy as np
import pytest
from scipy import optimize

from funnelkit.jobs import aha_shape
from funnelkit.jobs.aha_shape import Grouped, shape

TIMES = np.arange(16)


def grouped(rate, people):
    """As many as expected, without chance: groups of `people` each."""
    n = np.full(len(TIMES), float(people))
    return Grouped(TIMES.astype(float), n, n * rate(TIMES))


def test_a_step_is_a_threshold():
    found = grouped(lambda times: np.where(times >= 3, 0.6, 0.2), 100)
    assert shape(found, found, 3) == "threshold"


@pytest.mark.parametrize("sign", [1, -1])
def test_a_slope_goes_its_own_way(sign):
    found = grouped(lambda times: 1 / (1 + np.exp(sign * (1.5 - 1.2 * np.log1p(times)))), 300)
    assert shape(found, found, 3) == ("more is better" if sign > 0 else "more is worse")


def test_a_few_entrants_cannot_tell():
    found = grouped(lambda times: np.where(times >= 3, 0.4, 0.3), 2)
    assert shape(found, found, 3) == "cannot tell"


def test_one_group_cannot_tell():
    alone = Grouped(np.array([5.0]), np.array([40.0]), np.array([10.0]))
    assert shape(alone, alone, 3) == "cannot tell"


def test_z_is_the_mean_difference_over_its_standard_error():
    random = np.random.default_rng(2)
    times, outcome = random.integers(0, 9, 400), random.integers(0, 2, 400).astype(np.uint8)
    found = Grouped.of(times, outcome)
    ours, theirs = random.uniform(0.2, 0.8, (2, len(found.times)))
    own = np.where(outcome == 1, np.log(ours[times] / theirs[times]), 0)
    own += np.where(outcome == 0, np.log((1 - ours[times]) / (1 - theirs[times])), 0)
    expected = own.mean() / own.std() * 20
    assert aha_shape._vuong(ours, theirs, found) == pytest.approx(expected)


def test_the_fit_is_the_largest_likelihood():
    random = np.random.default_rng(3)
    people = random.integers(20, 90, 16).astype(float)
    successes = random.binomial(people.astype(int), np.linspace(0.2, 0.7, 16)).astype(float)
    data, x = Grouped(TIMES.astype(float), people, successes), np.log1p(TIMES)

    def loss(beta):
        rate = 1 / (1 + np.exp(-(beta[0] + beta[1] * x)))
        return -(successes * np.log(rate) + (people - successes) * np.log(1 - rate)).sum()

    expected = optimize.minimize(loss, [0.0, 0.0], method="Nelder-Mead", tol=1e-10).x
    assert aha_shape._logistic(x, data) == pytest.approx(expected, abs=1e-4)


def test_rates_of_none_and_all_stay_finite():
    found = grouped(lambda times: np.where(times >= 3, 1.0, 0.0), 50)
    a, b = aha_shape._logistic(np.log1p(TIMES), found)
    assert np.isfinite([a, b]).all()
    assert shape(found, found, 3) in ("threshold", "cannot tell")
