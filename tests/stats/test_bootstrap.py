import subprocess
import sys

import numpy as np
import pytest

from funnelkit.stats import bootstrap
from funnelkit.stats.bootstrap import bootstrap_sums
from funnelkit.stats.resampling import generator


def test_means_and_variances_are_those_of_drawing_with_replacement():
    random = np.random.default_rng(1)
    values = random.integers(0, 50, (40, 3)) * random.integers(0, 2, (40, 1))
    drawn = bootstrap_sums(values.astype(float), 20_000, generator("a"))
    # A sum of n draws: mean n x mean, covariance n x covariance (divided by n).
    assert drawn.mean(axis=0) == pytest.approx(values.sum(axis=0), rel=0.01)
    expected = 40 * np.cov(values.T, bias=True)
    assert np.cov(drawn.T, bias=True) == pytest.approx(expected, rel=0.06)


def test_units_of_zeros_are_drawn_too():
    # One unit in ten counts: its number is binomial (10, 1/10), 0 with 0.9^10 = 0.349.
    values = np.zeros((10, 1))
    values[3] = 1
    drawn = bootstrap_sums(values, 20_000, generator("b"))[:, 0]
    assert (drawn == 0).mean() == pytest.approx(0.9**10, abs=0.015)
    assert drawn.var() == pytest.approx(0.9, rel=0.05)


def test_the_order_of_units_changes_nothing():
    values = np.random.default_rng(2).integers(0, 9, (30, 2)).astype(float)
    turned = values[np.random.default_rng(3).permutation(30)]
    one, other = (bootstrap_sums(each, 50, generator("c")) for each in (values, turned))
    assert np.array_equal(one, other)


def test_blocks_change_nothing(monkeypatch):
    values = np.random.default_rng(4).integers(0, 9, (30, 2)).astype(float)
    whole = bootstrap_sums(values, 50, generator("d"))
    monkeypatch.setattr(bootstrap, "_HELD", 60)
    assert np.array_equal(bootstrap_sums(values, 50, generator("d")), whole)


@pytest.mark.parametrize("values", [np.zeros((5, 2)), np.zeros((0, 2))])
def test_nothing_adds_to_nothing(values):
    assert bootstrap_sums(values, 3, generator("e")).tolist() == [[0, 0]] * 3


def test_cents_add_exactly_whatever_the_threads():
    code = (
        "import numpy as np\n"
        "from funnelkit.stats.bootstrap import *\n"
        "from funnelkit.stats.resampling import generator\n"
        "v = np.random.default_rng(6).integers(0, 10**9, (3000, 20)).astype(float)\n"
        "d = bootstrap_sums(v, 40, generator('f')); print(int(d.sum()), d.sum() == d.sum().round())"
    )
    found = [
        subprocess.run(
            [sys.executable, "-c", code],
            env={"OPENBLAS_NUM_THREADS": threads, "PATH": ""},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for threads in ("1", "2")
    ]
    assert found[0] == found[1]
    assert "True" in found[0]
