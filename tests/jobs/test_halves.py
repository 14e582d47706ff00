import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from funnelkit.jobs.halves import groups, is_newest, newest_weeks, strata

ENTRANTS = st.lists(
    st.tuples(st.integers(0, 9), st.integers(0, 3), st.booleans()), min_size=1, max_size=120
)


def arrays(rows):
    week, segment, counted = (np.array(column) for column in zip(*rows, strict=True))
    # Weeks are numbered without gaps, as the study numbers them.
    return np.unique(week, return_inverse=True)[1], segment, counted.astype(bool)


@pytest.mark.parametrize(("weeks", "newest"), [(0, 0), (3, 0), (4, 1), (7, 1), (8, 2), (26, 6)])
def test_the_newest_quarter_is_never_more_than_a_quarter_of_the_weeks(weeks, newest):
    week = np.repeat(np.arange(weeks), 10)
    assert newest_weeks(week) == newest
    assert is_newest(week).sum() == newest * 10
    assert is_newest(week)[(weeks - newest) * 10 :].all()


@pytest.mark.parametrize(
    ("sizes", "newest"),
    [
        ([1, 1, 1, 1, 1, 1, 9, 1], 1),  # the last alone holds 1 of 16, the last two 10
        ([1, 1, 1, 9], 0),
        ([9, 9, 9, 9], 1),  # exactly a quarter
        ([9, 9, 8, 9], 0),
        ([30, 2, 2, 2, 2, 2, 2, 2], 2),
    ],
)
def test_nor_of_the_entrants(sizes, newest):
    assert newest_weeks(np.repeat(np.arange(len(sizes)), sizes)) == newest


def test_weeks_join_until_there_are_enough_and_a_rest_joins_the_one_before():
    week = np.repeat([0, 1, 2, 3, 4], [3, 2, 5, 4, 2])
    found = strata(week, np.zeros(16, np.int64), np.ones(16, bool), least=5)
    # 3 + 2 | 5 | 4 + 2; then with one entrant less at the end, 4 + 1 is still enough; 4 is not.
    assert found.tolist() == [0] * 5 + [1] * 5 + [2] * 6
    assert strata(week[:14], np.zeros(14, np.int64), np.ones(14, bool), 5).tolist() == (
        [0] * 5 + [1] * 9
    )


def test_small_segments_are_taken_together_smallest_first():
    segment = np.repeat([0, 1, 2, 3], [9, 1, 5, 2])
    found = strata(np.zeros(17, np.int64), segment, np.ones(17, bool), least=4)
    # 1 and 2 alone are too few, and so are 3 together: the next smallest joins them.
    assert [len(set(found[segment == each])) for each in range(4)] == [1, 1, 1, 1]
    assert found[segment == 1][0] == found[segment == 3][0] == found[segment == 2][0]
    assert found[segment == 0][0] != found[segment == 1][0]


@settings(deadline=None)
@given(ENTRANTS, st.integers(1, 25))
def test_every_stratum_has_enough_and_is_a_block_of_weeks(rows, least):
    week, segment, counted = arrays(rows)
    found = strata(week, segment, counted, least)
    sizes = np.bincount(found[counted], minlength=int(found.max()) + 1)
    if counted.sum() >= least:
        assert sizes[np.unique(found)].min() >= least
    else:
        assert len(set(found.tolist())) == 1
    for label in set(found.tolist()):
        own = set(segment[found == label].tolist())
        weeks = week[found == label]
        between = np.isin(segment, list(own)) & (week >= weeks.min()) & (week <= weeks.max())
        assert (found[between] == label).all()


@settings(deadline=None)
@given(ENTRANTS, st.randoms(use_true_random=False))
def test_strata_do_not_depend_on_the_order_of_rows(rows, random):
    week, segment, counted = arrays(rows)
    order = list(range(len(rows)))
    random.shuffle(order)
    mixed = strata(week[order], segment[order], counted[order], 7)
    assert mixed.tolist() == strata(week, segment, counted, 7)[order].tolist()


def test_tenths_hold_a_tenth_each_where_nothing_is_tied():
    assert np.bincount(groups(np.random.default_rng(1).permutation(50), 10)).tolist() == [5] * 10


@settings(deadline=None)
@given(st.lists(st.integers(0, 12), min_size=1, max_size=60))
def test_equal_values_are_in_the_same_tenth_and_larger_ones_not_below(values):
    found = groups(np.array(values), 10)
    assert found.min() >= 0
    assert found.max() <= 9
    for value, group in zip(values, found, strict=True):
        below = sum(other < value for other in values)
        assert group == below * 10 // len(values)


def test_nobody_is_in_no_stratum():
    none = np.zeros(0, np.int64)
    assert strata(none, none, none.astype(bool), 20).size == groups(none, 10).size == 0
