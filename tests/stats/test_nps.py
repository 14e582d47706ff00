from math import sqrt
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from funnelkit.stats.nps import Scores, impact_interval, nps, nps_difference, theme_impact
from funnelkit.stats.resampling import generator
from tests.stats.vectors import cases

COUNTS = st.tuples(*[st.integers(0, 300)] * 3)


@pytest.mark.parametrize("case", cases("nps_"))
def test_score_and_error_of_one_ticket(case):
    shares = [case["inputs"][f"p_{name}"] for name in ("promoter", "passive", "detractor")]
    n = case["inputs"]["n"]
    scores = Scores(*(n * int(part) / int(whole) for part, whole in (x.split("/") for x in shares)))
    expected = case["expected"]
    assert scores.nps == pytest.approx(expected["nps"])
    assert scores.variance == pytest.approx(expected["variance"])
    assert sqrt(scores.variance / n) == pytest.approx(expected["se"], abs=case["tolerance_abs"])
    # With many answers the three that are added hardly count: the same error, by Wald.
    _, lo, hi = nps(*scores)
    assert ((hi or 0) - (lo or 0)) / 2 / 1.959964 == pytest.approx(expected["se"], abs=0.001)


def test_three_answers_are_added():
    # By hand, 6 promoters, 1 passive, 2 detractors: 6.75 / 12 - 2.75 / 12, variance of 12 answers.
    estimate, lo, hi = nps(6, 1, 2)
    middle = 4 / 12
    half = 1.959964 * sqrt((9.5 / 12 - middle**2) / 12)
    assert (estimate, lo, hi) == pytest.approx((4 / 9, middle - half, middle + half))


def test_no_answers_no_score():
    assert nps(0, 0, 0) == (None, None, None)
    assert nps_difference(Scores(0, 0, 0), Scores(1, 0, 0)) == (None, None, None, None)
    assert theme_impact(Scores(1, 0, 0), Scores(0, 0, 0)) is None
    assert Scores(0, 0, 0).variance == 0


@given(COUNTS)
def test_the_score_lies_in_its_interval_and_turns_with_its_sides(counts):
    promoters, passives, detractors = counts
    if not sum(counts):
        return
    estimate, lo, hi = nps(promoters, passives, detractors)
    assert lo is not None
    assert hi is not None
    assert estimate is not None
    assert -1 <= lo <= estimate <= hi <= 1
    turned: Any = nps(detractors, passives, promoters)
    assert list(turned) == pytest.approx([-estimate, -hi, -lo])


def test_all_promoters_still_leave_doubt():
    _, lo, hi = nps(10, 0, 0)
    assert hi == 1
    # By hand: 10.75 promoters and 0.75 detractors of 13.
    assert lo == pytest.approx(10 / 13 - 1.959964 * sqrt((11.5 / 13 - (10 / 13) ** 2) / 13))


def test_a_difference_adds_errors_in_squares():
    one, other = Scores(60, 25, 15), Scores(40, 30, 30)
    found = nps_difference(one, other)
    ends = np.array([nps(*each)[1:] for each in (one, other)], float)
    (first, second), half = ends.mean(axis=1), np.hypot(*(np.diff(ends).ravel() / 2))
    assert found.estimate == pytest.approx(0.45 - 0.10)
    assert (found.lo, found.hi) == pytest.approx((first - second - half, first - second + half))
    z = (first - second) / (half / 1.959963985)
    assert found.p == pytest.approx(2 * stats.norm.sf(z))
    back = nps_difference(other, one)
    assert (back.lo, back.hi, back.p) == pytest.approx(
        (-(found.hi or 0), -(found.lo or 0), found.p)
    )


def test_equal_groups_do_not_differ():
    found = nps_difference(Scores(5, 4, 3), Scores(5, 4, 3))
    assert (found.estimate, found.p) == (0, 1)


@pytest.mark.parametrize("case", cases("thematic_impact"))
def test_a_themes_impact(case):
    def scores(counts):
        passives = counts["n"] - counts["promoters"] - counts["detractors"]
        return Scores(counts["promoters"], passives, counts["detractors"])

    found = theme_impact(scores(case["inputs"]["all"]), scores(case["inputs"]["without_theme"]))
    assert 100 * (found or 0) == pytest.approx(case["expected"][0], abs=case["tolerance_abs"])


def answers():
    """Six accounts of ten answers each, in which detractors name the theme."""
    values = np.array([1] * 30 + [0] * 15 + [-1] * 15)
    return values, (values < 0) & (np.arange(60) % 3 > 0), np.arange(60) % 6


def test_the_impacts_interval_holds_the_impact():
    values, mentions, accounts = answers()
    found = impact_interval(values, mentions, accounts, generator("impact"))
    # By hand: NPS 15 / 60 of all; ten of the fifteen detractors name it: 25 / 50 without.
    assert found.estimate == pytest.approx(15 / 60 - 25 / 50)
    assert (found.lo or 0) < 15 / 60 - 25 / 50 < (found.hi or 0) <= 0


def test_answers_of_one_account_stay_together():
    values, mentions, _ = answers()
    apart = impact_interval(values, mentions, np.arange(60), generator("impact"))
    together = impact_interval(values, mentions, np.arange(60) // 15, generator("impact"))
    assert (together.hi or 0) - (together.lo or 0) > (apart.hi or 0) - (apart.lo or 0)


def test_the_order_of_rows_changes_nothing():
    values, mentions, accounts = answers()
    turned = impact_interval(values[::-1], mentions[::-1], accounts[::-1], generator("x"))
    assert turned == impact_interval(values, mentions, accounts, generator("x"))


def test_a_theme_in_every_answer_or_in_none():
    values, _, accounts = answers()
    everywhere, nowhere = np.ones(60, bool), np.zeros(60, bool)
    assert impact_interval(values, everywhere, accounts, generator("x")) == (None, None, None)
    assert impact_interval(values, nowhere, accounts, generator("x")) == (0, 0, 0)


@settings(deadline=None, max_examples=20)
@given(COUNTS, COUNTS)
def test_a_difference_lies_in_its_interval(one, other):
    found = nps_difference(Scores(*one), Scores(*other))
    if sum(one) and sum(other):
        assert found.lo is not None
        assert found.estimate is not None
        assert found.hi is not None
        assert -2 <= found.lo <= found.estimate <= found.hi <= 2


def test_arguments_are_checked():
    with pytest.raises(ValueError, match="count == -1"):
        nps(-1, 0, 0)
    with pytest.raises(ValueError, match="count == -1"):
        nps_difference(Scores(1, 0, 0), Scores(1, 0, -1))
    with pytest.raises(ValueError, match="confidence == 2"):
        nps(1, 0, 0, 2)
