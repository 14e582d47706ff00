import numpy as np
import pytest
from scipy import stats

from funnelkit.stats.calibration import Table, measured, poststratified, rogan_gladen
from funnelkit.stats.proportions import newcombe, wilson
from funnelkit.stats.resampling import generator


def test_the_counts_of_labelled_texts():
    flagged = np.array([1, 1, 1, 0, 0, 0], bool)
    positive = np.array([1, 1, 0, 1, 0, 0], bool)
    assert Table.of(flagged, positive) == (2, 1, 1, 2)
    assert Table.of(flagged, positive).n == 6


def test_sensitivity_and_specificity():
    found = measured(Table(43, 20, 57, 180), generator("a"))
    assert (found.se, found.sp, found.n_labels) == (0.43, 0.9, 300)
    # Jeffreys' posteriors.
    assert found.se_draws.mean() == pytest.approx(43.5 / 101, abs=0.005)
    assert found.sp_draws.std() == pytest.approx(stats.beta(180.5, 20.5).std(), rel=0.05)
    assert found.usable
    assert found.enough


def test_what_tells_too_little_apart_is_not_usable():
    assert not measured(Table(39, 20, 61, 180), generator("a")).usable  # 0.39 + 0.9
    assert measured(Table(40, 20, 60, 180), generator("a")).usable
    assert not measured(Table(5, 2, 3, 200), generator("a")).enough
    assert not measured(Table(0, 2, 0, 200), generator("a")).usable


def test_rogan_and_gladen_by_hand():
    calibration = measured(Table(80, 10, 20, 90), generator("a"))
    # Se 0.8, Sp 0.9: (0.31 + 0.9 - 1) / 0.7.
    assert rogan_gladen(31, 100, calibration).estimate == pytest.approx(0.3)
    assert rogan_gladen(5, 100, calibration).estimate == 0
    assert rogan_gladen(95, 100, calibration).estimate == 1


def test_its_error_is_the_delta_methods_where_that_holds():
    # Large numbers: var = (q(1-q)/n + p² se(1-se)/n1 + (1-p)² sp(1-sp)/n0) / (se+sp-1)².
    n, n1, n0 = 20_000, 4000, 6000
    calibration = measured(Table(3200, 600, 800, 5400), generator("b"), draws=40_000)
    q, p = 0.31, 0.3
    variance = q * (1 - q) / n + p**2 * 0.16 / n1 + (1 - p) ** 2 * 0.09 / n0
    half = 1.96 * np.sqrt(variance) / 0.7
    _, lo, hi = rogan_gladen(round(q * n), n, calibration)
    assert (lo, hi) == pytest.approx((p - half, p + half), abs=0.002)


def test_perfect_flags_are_the_share_itself():
    calibration = measured(Table(10**7, 0, 0, 10**7), generator("c"), draws=40_000)
    found = rogan_gladen(30, 100, calibration)
    expected = stats.beta(30.5, 70.5).ppf([0.025, 0.975])
    assert found[1:] == pytest.approx(expected, abs=0.003)


def test_rows_share_the_draws():
    calibration = measured(Table(80, 10, 20, 90), generator("a"))
    one, more = (rogan_gladen(each, 1000, calibration) for each in (310, 320))
    assert rogan_gladen(310, 1000, calibration) == one
    # The same luck for both: the larger share is larger at either end.
    assert (more.lo or 0) > (one.lo or 0)
    assert (more.hi or 0) > (one.hi or 0)


def test_flags_that_tell_nothing_leave_everything_open():
    found = rogan_gladen(500, 1000, measured(Table(50, 50, 50, 50), generator("a")))
    assert (found.lo, found.hi) == (0, 1)


def test_without_texts_or_labels_there_is_no_share():
    calibration = measured(Table(80, 10, 20, 90), generator("a"))
    assert rogan_gladen(0, 0, calibration) == (None, None, None)
    assert rogan_gladen(1, 5, measured(Table(0, 3, 0, 9), generator("a"))) == (None, None, None)
    assert poststratified(0, 0, Table(1, 1, 1, 1)) == (None, None, None)
    assert poststratified(2, 9, Table(0, 0, 0, 0)) == (None, None, None)


def test_post_stratified_by_hand():
    # 300 of 1,000 flagged; 40 of 50 flagged labels and 15 of 150 others are negative.
    found = poststratified(300, 1000, Table(40, 10, 15, 135))
    assert found.estimate == pytest.approx(0.3 * 0.8 + 0.7 * 0.1)
    _, lo1, hi1 = (each or 0.0 for each in wilson(40, 50))
    _, lo0, hi0 = (each or 0.0 for each in wilson(15, 150))
    below = np.hypot(0.3 * (0.8 - lo1), 0.7 * (0.1 - lo0))
    above = np.hypot(0.3 * (hi1 - 0.8), 0.7 * (hi0 - 0.1))
    assert found[1:] == pytest.approx((0.31 - below, 0.31 + above))


def test_it_combines_strata_as_newcombe_does_groups():
    # Half of 2 (p1 - p2) is p1 / 2 + (1 - p2) / 2 - 1 / 2: Newcombe's difference is MOVER too.
    found = poststratified(50, 100, Table(56, 14, 80 - 48, 48))
    _, lo, hi = newcombe(56, 70, 48, 80)
    assert found[1:] == pytest.approx((0.5 + (lo or 0) / 2, 0.5 + (hi or 0) / 2))


def test_a_stratum_without_labels_is_open():
    _, lo, hi = poststratified(100, 1000, Table(0, 0, 20, 180))
    assert lo is not None
    assert hi is not None
    assert hi - lo > 0.1


def test_arguments_are_checked():
    with pytest.raises(ValueError, match="flagged == 6, must be between 0 and n == 5"):
        rogan_gladen(6, 5, measured(Table(1, 1, 1, 1), generator("a")))
    with pytest.raises(ValueError, match="flagged == 6, must be between 0 and n == 5"):
        poststratified(6, 5, Table(1, 1, 1, 1))
