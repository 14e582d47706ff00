import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from funnelkit.stats.proportions import wilson
from funnelkit.stats.revenue import (
    ONE_ACCOUNT_STORY,
    Estimated,
    Identified,
    bands,
    estimated,
    identified,
)

CUSTOMERS = st.lists(st.tuples(st.integers(0, 50), st.booleans()), min_size=1, max_size=60)


def test_the_named_ones_are_added_exactly():
    found = identified([100, 300, 600])
    assert found[:3] == (3, 1000, 0.6)
    assert found.effective == pytest.approx(1 / (0.01 + 0.09 + 0.36))
    assert found.label == ONE_ACCOUNT_STORY == "most of it one account's"


def test_half_is_no_story_yet():
    assert identified([500, 300, 200]).label == ""
    assert identified([501, 300, 199]).label == ONE_ACCOUNT_STORY
    assert identified([7]).label == ONE_ACCOUNT_STORY


def test_equal_customers_count_whole():
    found = identified(np.full(8, 125))
    assert found.effective == pytest.approx(8)
    assert (found.shown, identified([1] * 4).shown) == (True, False)


def test_without_revenue_there_is_no_share():
    assert identified([]) == Identified(0, 0, None, None)
    assert identified([0, 0]) == Identified(2, 0, None, None)
    assert identified([0]).label == ""
    with pytest.raises(ValueError, match="Revenue must be >= 0 cents"):
        identified([5, -1])


def test_whole_numbers_stay_whole():
    huge = 4_000_000_000_000_001
    assert identified([huge, 2]).cents == huge + 2


def test_bands_hold_equal_revenue():
    # 8 customers of 10, 4 of 20, 2 of 40: each size has 80, everybody answered.
    revenues = np.repeat([10, 20, 40], [8, 4, 2])
    everybody = np.ones(14, bool)
    assert bands(revenues, everybody, k=3, least=1).tolist() == [0] * 8 + [1] * 4 + [2] * 2
    # Eight respondents in each: the two with fewest join.
    assert bands(revenues, everybody, k=3, least=6).tolist() == [0] * 8 + [1] * 6
    assert bands(revenues, everybody, k=3, least=7).tolist() == [0] * 14
    assert bands(revenues, np.zeros(14, bool), k=3).tolist() == [0] * 14


def test_a_size_is_where_the_middle_of_its_revenue_falls():
    # 30, 40 and 30 % of the revenue: the middles are 15, 50 and 85 %.
    revenues, everybody = np.array([10, 10, 10, 20, 20, 30]), np.ones(6, bool)
    assert bands(revenues, everybody, k=2, least=1).tolist() == [0, 0, 0, 1, 1, 1]


def test_bands_of_nothing():
    assert bands(np.zeros(4, np.int64), np.ones(4, bool)).tolist() == [0] * 4
    assert bands(np.zeros(0, np.int64), np.zeros(0, bool)).tolist() == []


@settings(deadline=None)
@given(CUSTOMERS, st.integers(1, 8), st.integers(1, 9))
def test_bands_are_ordered_and_answered_whatever_the_order_of_rows(rows, k, least):
    revenues, answered = (np.array(each) for each in zip(*rows, strict=True))
    found = bands(revenues, answered, k, least)
    held = np.bincount(found[answered], minlength=int(found.max()) + 1)
    assert len(held) == 1 or held.min() >= least
    assert set(found.tolist()) == set(range(int(found.max()) + 1))
    by_size = found[np.argsort(revenues, kind="stable")]
    assert (np.diff(by_size) >= 0).all()
    for size in np.unique(revenues):
        assert len(set(found[revenues == size].tolist())) == 1
    assert np.array_equal(bands(revenues[::-1], answered[::-1], k, least)[::-1], found)


def test_an_estimate_by_hand():
    # One band: 10 of 20 answered at 100 each, 4 in the cell.
    revenues, answered = np.full(20, 100), np.arange(20) < 10
    found = estimated(revenues, answered, np.arange(20) < 4)
    assert found is not None
    # n: 1 / (1 / 10 + 1 / 10) = 5, the ten others counting as much as the ten who answered.
    p, lo, hi = (each or 0.0 for each in wilson(2, 5))
    assert found == pytest.approx(Estimated(400 + 1000 * p, 400 + 1000 * lo, 400 + 1000 * hi))


def test_bands_add_their_limits_in_squares():
    revenues = np.repeat([100, 1000], [40, 20])
    answered = np.tile([True, False], 30)
    flags = answered & (np.arange(60) % 4 == 0)
    band = np.repeat([0, 1], [40, 20])
    whole = estimated(revenues, answered, flags, band)
    parts = [
        estimated(revenues[own], answered[own], flags[own], np.zeros(own.sum(), np.int64))
        for own in (band == 0, band == 1)
    ]
    assert whole is not None
    low, high = parts
    assert low is not None
    assert high is not None
    assert whole.cents == pytest.approx(low.cents + high.cents)
    below = np.hypot(low.cents - low.lo, high.cents - high.lo)
    above = np.hypot(low.hi - low.cents, high.hi - high.cents)
    assert (whole.cents - whole.lo, whole.hi - whole.cents) == pytest.approx((below, above))


def test_when_everybody_answered_the_estimate_is_the_sum():
    found = estimated(np.array([5, 7, 9]), np.ones(3, bool), np.array([True, False, True]))
    assert found == Estimated(14, 14, 14)


def test_when_nobody_answered_there_is_none():
    assert estimated(np.array([5, 7]), np.zeros(2, bool), np.zeros(2, bool)) is None


def test_a_band_that_nobody_of_answered_is_all_open():
    answered = np.array([True, False])
    found = estimated(np.array([5, 70]), answered, np.array([True, False]), np.array([0, 1]))
    assert found == Estimated(40, 5, 75)


def test_nobody_is_in_a_cell_without_an_answer():
    with pytest.raises(ValueError, match="Only who answered"):
        estimated(np.array([5, 7]), np.array([True, False]), np.array([True, True]))
