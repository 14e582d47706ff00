from math import sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from funnelkit.stats.agreement import (
    Quarter,
    Sides,
    agreement,
    correlation,
    mean_difference,
    median_difference,
    quarters,
    side_shares,
    sides,
    spearman,
)
from funnelkit.stats.proportions import wilson

CLAIMS = st.lists(
    st.tuples(st.integers(0, 40), st.integers(0, 40), st.integers(0, 6)), min_size=2, max_size=60
)


def columns(rows):
    said, logged, persons = (np.array(each) for each in zip(*rows, strict=True))
    return said / 2, logged / 4, persons


@pytest.mark.parametrize(
    ("said", "logged", "side"),
    [
        (2.5, 2.0, "same"),  # half a unit
        (2.51, 2.0, "over"),
        (1.5, 2.0, "same"),
        (1.49, 2.0, "under"),
        (22.0, 20.0, "same"),  # a tenth of the logged
        (22.01, 20.0, "over"),
        (17.99, 20.0, "under"),
        (5.5, 5.0, "same"),
    ],
)
def test_the_larger_of_half_a_unit_and_a_tenth(said, logged, side):
    found = sides(np.array([said]), np.array([logged]))
    assert found._asdict() == {name: int(name == side) for name in ("over", "same", "under")}


def test_a_declared_tolerance_and_none_at_all():
    said, logged = np.array([3.0, 1.0, 2.0]), np.array([2.0, 2.0, 2.0])
    assert sides(said, logged, 1.0) == Sides(0, 3, 0)
    assert sides(said, logged, 0) == Sides(1, 1, 1)
    assert sides(np.array([21.0]), np.array([20.0]), 0) == Sides(1, 0, 0)


@given(CLAIMS)
def test_every_claim_is_on_one_side(rows):
    said, logged, _ = columns(rows)
    found = sides(said, logged)
    allowed = np.maximum(0.5, 0.1 * logged)
    assert found.same == int((np.abs(said - logged) <= allowed + 1e-9).sum())
    assert sum(found) == len(rows)


@given(st.lists(st.floats(-50, 50), min_size=2, max_size=40))
def test_one_claim_a_person_is_the_plain_t_interval(values):
    difference = np.array(values)
    _, lo, hi = mean_difference(difference, np.arange(len(values)))
    error = difference.std(ddof=1) / sqrt(len(values))
    half = stats.t.ppf(0.975, len(values) - 1) * error
    mean = difference.mean()
    assert (lo, hi) == pytest.approx((mean - half, mean + half), abs=1e-9)


def test_claims_of_one_person_count_as_clustered():
    # By hand: persons' sums of residuals 4 and -4, G / (G - 1) = 2, sqrt(2 * 32) / 4, t(1) 12.706.
    found = mean_difference(np.array([3.0, 3, -1, -1]), np.array([7, 7, 9, 9]))
    half = 12.7062047 * sqrt(64) / 4
    assert found == pytest.approx((1, 1 - half, 1 + half))
    assert mean_difference(np.array([3.0, 1]), np.array([7, 7])) == (2, None, None)
    assert mean_difference(np.zeros(0), np.zeros(0, int)) == (None, None, None)


def test_ties_at_the_median_make_it_no_surer():
    # 42 below, 16 at it, 42 above: 1/2 -+ 1.96 * 0.5 / sqrt(100) still, so the 41st value.
    values = np.concatenate([np.arange(42.0), np.full(16, 50), 60 + np.arange(42)])
    assert median_difference(values, np.arange(100)) == (50, 40, 61)


def test_the_medians_limits_are_order_statistics():
    # Woodruff, 101 persons: 1/2 -+ 1.96 * 0.5 / sqrt(101) are the shares 0.4025 and 0.5975 below.
    found = median_difference(np.arange(101.0), np.arange(101))
    assert found == (50, 40, 60)


def test_the_median_of_persons_who_repeat_is_less_sure():
    values = np.repeat(np.arange(101.0), 4)
    alone, together = (
        median_difference(values, each) for each in (np.arange(404), np.repeat(np.arange(101), 4))
    )
    assert alone.estimate == together.estimate == 50
    assert together[1:] == pytest.approx((40, 60), abs=1)
    assert (alone.hi or 0) - (alone.lo or 0) == pytest.approx(10, abs=2)  # half as wide


def test_the_median_of_a_few():
    assert median_difference(np.array([1.0, 2, 9]), np.arange(3)) == (2, 1, 9)
    assert median_difference(np.array([1.0, 3]), np.array([4, 4])) == (2, None, None)
    assert median_difference(np.zeros(0), np.zeros(0, int)) == (None, None, None)
    assert median_difference(np.full(50, 0.5), np.arange(50)) == (0.5, 0.5, 0.5)


@settings(deadline=None)
@given(CLAIMS)
def test_correlations_are_scipys(rows):
    said, logged, persons = columns(rows)
    found = spearman(said, logged, persons)
    if len(set(said)) < 2 or len(set(logged)) < 2:
        assert found == (None, None, None)
        assert correlation(said, logged) is None
        return
    assert found.estimate == pytest.approx(stats.spearmanr(said, logged).statistic)
    assert correlation(said, logged) == pytest.approx(stats.pearsonr(said, logged).statistic)


def test_spearmans_limits_by_bonett_and_wright():
    random = np.random.default_rng(1)
    said = random.normal(size=80)
    logged = said + random.normal(size=80)
    r, lo, hi = spearman(said, logged, np.arange(80) // 2)
    assert r is not None
    half = 1.959963985 * sqrt((1 + r * r / 2) / (40 - 3))
    assert (lo, hi) == pytest.approx((np.tanh(np.arctanh(r) - half), np.tanh(np.arctanh(r) + half)))
    assert spearman(said, logged, np.arange(80) % 3)[1:] == (None, None)
    same = spearman(said, said, np.arange(80))
    assert same.estimate == pytest.approx(1)
    assert same[1:] == (None, None)
    assert spearman(said[:0], logged[:0], np.zeros(0, int)) == (None, None, None)


def test_quarters_of_the_average():
    # Averages 0, 1, .. 7, said less logged -+1 in turn.
    average, sign = np.arange(8.0), np.tile([1.0, -1.0], 4)
    found = quarters(average + sign / 2, average - sign / 2)
    assert [each[:4] for each in found] == [(1, 0, 1, 2), (2, 2, 3, 2), (3, 4, 5, 2), (4, 6, 7, 2)]
    # Of -1 and 1 by linear interpolation: -1 + 2 x 0.025.
    assert found[0][4:] == pytest.approx((-0.95, 0, 0.95))


def test_claims_of_one_average_share_a_quarter():
    assert quarters(np.ones(9), np.ones(9)) == [Quarter(1, 1, 1, 9, 0, 0, 0)]
    assert quarters(np.zeros(0), np.zeros(0)) == []


@settings(deadline=None)
@given(CLAIMS, st.randoms())
def test_the_order_of_rows_changes_nothing(rows, random):
    turned = list(rows)
    random.shuffle(turned)
    assert agreement(*columns(turned)) == agreement(*columns(rows))
    assert quarters(*columns(turned)[:2]) == quarters(*columns(rows)[:2])


def test_everything_together():
    said, logged = np.array([4.0, 2, 8, 1]), np.array([2.0, 2, 10, 3])
    found = agreement(said, logged, np.array([1, 1, 2, 3]))
    assert (found.n, found.persons) == (4, 3)
    assert (found.median_said, found.median_logged) == (3, 2.5)
    assert (found.mean.estimate, found.median.estimate) == (-0.5, -1)
    assert found.sides == (1, 1, 2)
    assert agreement(np.zeros(0), np.zeros(0), np.zeros(0, int)).median_said is None


def test_shares_of_the_sides_are_worth_as_many_claims_as_there_are_persons() -> None:
    said, logged = np.array([9.0] * 30 + [1.0] * 30), np.full(60, 5.0)
    alone = side_shares(said, logged, np.arange(60))
    assert alone[0] == (wilson(30, 60), 60)
    assert alone[1].share.estimate == 0
    # Each person claims the same three times: 20 persons.
    thrice = side_shares(said, logged, np.arange(60) // 3)
    assert thrice[0].n_eff == pytest.approx(20 * 19 / 20)
    assert thrice[2].share.estimate == 0.5
