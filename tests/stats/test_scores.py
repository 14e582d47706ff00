import pytest
from hypothesis import given
from hypothesis import strategies as st

from funnelkit.stats.scores import (
    FEWEST_INTERVIEWS,
    fewest_interviews,
    interviews_needed,
    out_of_ten,
    seen,
    ulwick,
    ulwick_behavioural,
)
from tests.stats.vectors import cases


@pytest.mark.parametrize("case", cases("ulwick_"))
def test_published_opportunity_scores(case):
    assert [ulwick(**case["inputs"])] == case["expected"]


def test_satisfaction_above_importance_takes_nothing_off():
    assert ulwick(4, 9) == 4


def test_logged_success_stands_for_satisfaction():
    assert ulwick_behavioural(9, 0.3) == pytest.approx(15)
    assert ulwick_behavioural(9, 0.9) == pytest.approx(9)


@pytest.mark.parametrize(("score", "expected"), [(1, 0), (3, 5), (5, 10)])
def test_a_scale_of_five_becomes_one_of_ten(score, expected):
    assert out_of_ten(score, 1, 5) == expected


@pytest.mark.parametrize("case", cases("nielsen_"))
def test_five_users(case):
    p, n, goal = (case["inputs"][name] for name in ("p", "n", "goal"))
    assert seen(p, n) == pytest.approx(case["expected"]["seen"], abs=case["tolerance_abs"])
    assert interviews_needed(p, goal) == case["expected"]["n_needed"]


@given(st.floats(0.001, 1), st.floats(0, 0.99))
def test_the_fewest_that_suffice(p, goal):
    n = interviews_needed(p, goal)
    assert n >= 1
    assert seen(p, n) >= goal - 1e-12
    assert n == 1 or seen(p, n - 1) < goal


def test_an_exact_goal_needs_no_interview_more():
    # 1 - 0.5², 1 - 0.8² and 1 - 0.9³, by hand.
    assert interviews_needed(0.5, 0.75) == 2
    assert interviews_needed(0.2, 0.36) == 2
    assert interviews_needed(0.1, 0.271) == 3


def test_a_segment_has_nine_interviews_at_least():
    assert fewest_interviews(0.31) == FEWEST_INTERVIEWS == 9
    assert fewest_interviews(0.1) == interviews_needed(0.1) == 19  # 0.9^19 is 0.135, 0.9^18 0.150


def test_arguments_are_checked():
    with pytest.raises(ValueError, match="satisfaction == 11"):
        ulwick(5, 11)
    with pytest.raises(ValueError, match=r"p == 1\.2, must be between 0 and 1"):
        seen(1.2, 3)
    with pytest.raises(ValueError, match="p == 0 "):
        interviews_needed(0)
    with pytest.raises(ValueError, match="hi == 1"):
        out_of_ten(1, 1, 1)
