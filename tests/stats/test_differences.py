from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chi2_contingency, false_discovery_control

from funnelkit.stats.proportions import (
    benjamini_hochberg,
    holm,
    newcombe,
    two_proportion_p,
)
from tests.stats.vectors import cases

PARTS = st.integers(1, 5000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))
P_VALUES = st.lists(st.floats(0, 1), max_size=30)


@pytest.mark.parametrize("case", cases("newcombe_"))
def test_worked_examples(case):
    inputs = case["inputs"]
    found = newcombe(inputs["x1"], inputs["n1"], inputs["x2"], inputs["n2"])
    assert found[1:] == pytest.approx(case["expected"], abs=case["tolerance_abs"])
    assert found[1:] == pytest.approx(case["recomputed"], abs=1e-9)


@pytest.mark.parametrize(
    ("counts", "lo", "hi"),
    [
        # Newcombe 1998, Statistics in Medicine 17:873-890, Table II, method 10.
        ((56, 70, 48, 80), 0.0524, 0.3339),
        ((9, 10, 3, 10), 0.1705, 0.8090),
        ((0, 10, 0, 20), -0.1611, 0.2775),
        ((10, 10, 0, 10), 0.6075, 1.0000),
    ],
)
def test_newcombe_1998_table_2(counts, lo, hi):
    found = newcombe(*counts)
    assert found.estimate == pytest.approx(counts[0] / counts[1] - counts[2] / counts[3])
    assert (round(found.lo or 0, 4), round(found.hi or 0, 4)) == (lo, hi)


@settings(deadline=None)
@given(PARTS, PARTS)
def test_a_difference_lies_in_its_interval_and_turns_with_its_groups(one, other):
    estimate, lo, hi = newcombe(*one, *other)
    assert lo is not None
    assert hi is not None
    assert estimate is not None
    assert -1 <= lo <= estimate <= hi <= 1
    turned = newcombe(*other, *one)
    assert [turned.lo, turned.hi] == pytest.approx([-hi, -lo], abs=1e-12)


def test_fewer_effective_trials_are_wider():
    whole, half = newcombe(30, 100, 50, 100), newcombe(13.5, 45, 22.5, 45)
    assert half.estimate == pytest.approx(whole.estimate)
    assert (half.lo or 0) < (whole.lo or 0) < (whole.hi or 0) < (half.hi or 0)


def test_without_anybody_there_is_no_difference():
    assert newcombe(0, 0, 1, 2) == newcombe(1, 2, 0, 0) == (None, None, None)
    assert two_proportion_p(0, 0, 1, 2) is None
    assert two_proportion_p(1, 2, 0, 0) is None


def test_a_worked_score_test():
    # Raise the tax? 41 of 195 smokers, 153 of 605 others: chi-square 1.45936, p 0.22703.
    assert two_proportion_p(41, 195, 153, 605) == pytest.approx(0.227032418, abs=1e-9)


@settings(deadline=None)
@given(PARTS, PARTS)
def test_the_score_test_is_the_chi_square_of_the_table(one, other):
    (x1, n1), (x2, n2) = one, other
    found = two_proportion_p(x1, n1, x2, n2)
    if x1 + x2 in (0, n1 + n2):
        assert found == 1.0
        return
    table = [[x1, n1 - x1], [x2, n2 - x2]]
    assert found == pytest.approx(chi2_contingency(table, correction=False).pvalue, rel=1e-6)


@pytest.mark.parametrize("case", cases("bh_1995"))
def test_benjamini_and_hochberg_section_4(case):
    found = benjamini_hochberg(case["inputs"]["p"])
    assert found == pytest.approx(case["expected"]["adjusted"], abs=case["tolerance_abs"])
    assert sum(q <= case["inputs"]["q"] for q in found) == case["expected"]["rejected"]


@settings(deadline=None)
@given(P_VALUES)
def test_benjamini_hochberg_in_any_order(p):
    expected = false_discovery_control(p) if p else []
    assert benjamini_hochberg(p) == pytest.approx(list(expected))


@pytest.mark.parametrize("case", cases("bh_1995"))
def test_holm_rejects_as_many_as_published(case):
    # Section 4 there: Bonferroni, and Hochberg 1988, reject three. Holm lies between them.
    found = holm(case["inputs"]["p"])
    assert sum(p <= case["inputs"]["q"] for p in found) == 3


@settings(deadline=None)
@given(st.lists(st.floats(0, 1), min_size=1, max_size=7))
def test_holm_is_bonferroni_closed_over_all_subsets(p):
    # Marcus, Peritz and Gabriel 1976: a hypothesis falls when every subset with it does.
    everyone = range(len(p))
    subsets = [each for size in everyone for each in combinations(everyone, size + 1)]
    expected = [
        max(min(1.0, len(each) * min(p[at] for at in each)) for each in subsets if index in each)
        for index in everyone
    ]
    assert holm(p) == pytest.approx(expected)


def test_holm_of_nothing_and_of_no_p():
    assert holm([]) == []
    with pytest.raises(ValueError, match=r"p == -0\.1, must be between 0 and 1"):
        holm([0.5, -0.1])


def test_arguments_are_checked():
    with pytest.raises(ValueError, match=r"p == 1\.5, must be between 0 and 1"):
        benjamini_hochberg([0.5, 1.5])
    with pytest.raises(ValueError, match="successes == 3, must be between 0 and n == 2"):
        two_proportion_p(1, 2, 3, 2)
    with pytest.raises(ValueError, match="n == -1"):
        newcombe(0, -1, 1, 2)
