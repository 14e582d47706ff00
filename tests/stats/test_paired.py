from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from funnelkit.stats.paired import LITERATURE_PHI, mcnemar_mid_p, newcombe_paired, phi
from tests.stats.vectors import cases

COUNTS = st.tuples(*[st.integers(0, 200)] * 4)


@pytest.mark.parametrize("case", cases("paired_newcombe"))
def test_worked_examples(case):
    a, b, c, d = (case["inputs"][name] for name in "abcd")
    found = newcombe_paired(a, b, c, d, corrected="newcombe10" in case["id"])
    assert found[1:] == pytest.approx(case["expected"], abs=case["tolerance_abs"])
    assert found[1:] == pytest.approx(case["recomputed"], abs=1e-9)
    assert found.estimate == pytest.approx((b - c) / (a + b + c + d))


@settings(deadline=None)
@given(COUNTS)
def test_the_gap_lies_in_its_interval_and_turns_with_its_sides(cells):
    a, b, c, d = cells
    found = newcombe_paired(a, b, c, d)
    if not sum(cells):
        assert found == (None, None, None)
        return
    estimate, lo, hi = found
    assert estimate is not None
    assert lo is not None
    assert hi is not None
    assert -1 <= lo <= estimate + 1e-12
    assert estimate <= hi + 1e-12 <= 1 + 1e-12
    turned = newcombe_paired(a, c, b, d)
    assert [turned.lo, turned.hi] == pytest.approx([-hi, -lo], abs=1e-12)


def test_fewer_effective_answers_are_wider():
    whole, half = newcombe_paired(60, 40, 30, 20), newcombe_paired(30, 20, 15, 10)
    assert whole.estimate == half.estimate
    assert (half.lo or 0) < (whole.lo or 0) < (whole.hi or 0) < (half.hi or 0)


def test_a_zero_gap_can_hide_half_of_them():
    # The design's 60 / 40 / 40 / 20.
    assert newcombe_paired(60, 40, 40, 20).estimate == 0
    assert mcnemar_mid_p(40, 40) == pytest.approx(1, abs=0.05)


def test_the_published_mid_p_of_airway_hyper_responsiveness():
    # Fagerland, Lydersen and Laake 2013, table 1 (Bentur et al.): 1 and 7 discordant, 0.039.
    assert round(mcnemar_mid_p(1, 7), 3) == round(mcnemar_mid_p(7, 1), 3) == 0.039


@given(st.integers(0, 60), st.integers(0, 60))
def test_mid_p_is_the_exact_binomial_less_what_was_seen(b, c):
    if b + c == 0:
        assert mcnemar_mid_p(b, c) == 1
        return
    seen = comb(b + c, b) / 2 ** (b + c)
    exact = stats.binomtest(b, b + c).pvalue
    assert mcnemar_mid_p(b, c) == pytest.approx(exact - (seen / 2 if b == c else seen), abs=1e-12)


def test_effective_numbers_between_two_counts_give_p_between():
    between = mcnemar_mid_p(10.5, 20)
    assert mcnemar_mid_p(10, 20) < between < mcnemar_mid_p(11, 20)


@pytest.mark.parametrize("case", cases("mcnemar_"))
def test_mcnemar_published_table(case):
    (_, b), (c, _) = case["inputs"]["table"]
    assert (b - c) ** 2 / (b + c) == pytest.approx(case["expected"][0], abs=case["tolerance_abs"])
    assert mcnemar_mid_p(b, c) == pytest.approx(stats.chi2.sf(case["expected"][0], 1), rel=0.15)


@pytest.mark.parametrize("case", cases("phi_amplitude_"))
def test_phi_published_tables(case):
    cells = (case["inputs"][name] for name in ("tp", "fp", "fn", "tn"))
    assert phi(*cells) == pytest.approx(case["expected"]["phi"], abs=case["tolerance_abs"])


@given(COUNTS)
def test_phi_is_the_correlation_of_the_answers(cells):
    say = np.repeat([1, 1, 0, 0], cells)
    do = np.repeat([1, 0, 1, 0], cells)
    found = phi(*cells)
    if len(set(say.tolist())) < 2 or len(set(do.tolist())) < 2:
        assert found is None
    else:
        assert found == pytest.approx(np.corrcoef(say, do)[0, 1], abs=1e-9)


def test_the_literature_is_a_range():
    assert LITERATURE_PHI == (0.38, 0.41)


def test_arguments_are_checked():
    with pytest.raises(ValueError, match="count == -1, must be >= 0"):
        newcombe_paired(1, -1, 0, 0)
    with pytest.raises(ValueError, match="count == -2"):
        mcnemar_mid_p(-2, 1)
    with pytest.raises(ValueError, match=r"confidence == 1\.5"):
        newcombe_paired(1, 1, 1, 1, 1.5)
