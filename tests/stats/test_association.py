import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from funnelkit.stats.association import TwoByTwo, mantel_haenszel, normal_p
from tests.stats.vectors import cases

TABLES = st.tuples(*(st.integers(0, 40) for _ in range(4)))
STRATUM = st.tuples(st.integers(0, 9), st.integers(0, 9), st.integers(0, 9), st.integers(0, 9))


@pytest.mark.parametrize("case", cases("phi_amplitude_"))
def test_ratios_of_the_published_tables(case):
    inputs, expected = case["inputs"], case["expected"]
    table = TwoByTwo(inputs["tp"], inputs["fp"], inputs["fn"], inputs["tn"])
    npv = 1 - (table.rate_without or 0)
    found = (table.ppv, table.sensitivity, npv, table.specificity, table.phi)
    names = ("ppv", "sensitivity", "npv", "specificity", "phi")
    assert found == pytest.approx([expected[name] for name in names], abs=case["tolerance_abs"])


@pytest.mark.parametrize("case", cases("mcc_"))
def test_phi_is_the_correlation_of_matthews(case):
    pairs = list(zip(case["inputs"]["y_pred"], case["inputs"]["y_true"], strict=True))
    cells = (pairs.count(each) for each in ((1, 1), (1, -1), (-1, 1), (-1, -1)))
    assert TwoByTwo(*cells).phi == pytest.approx(case["expected"][0], abs=case["tolerance_abs"])


@pytest.mark.parametrize("case", cases("or_posthog"))
def test_the_odds_ratio_is_raw(case):
    inputs = case["inputs"]
    names = ("visited_success", "visited_failure", "not_success", "not_failure")
    table = TwoByTwo(*(inputs[name] for name in names))
    assert table.odds_ratio == case["expected"]["raw"]


@pytest.mark.parametrize("case", cases("or_aspirin"))
def test_the_odds_ratio_of_the_aspirin_trial(case):
    (a, b), (c, d) = case["inputs"]["table"]
    expected = case["expected"]["odds_ratio"]
    assert TwoByTwo(a, b, c, d).odds_ratio == pytest.approx(expected, abs=case["tolerance_abs"])


@settings(deadline=None)
@given(TABLES)
def test_equal_to_the_rows_counted_out(cells):
    reached = np.repeat([1, 1, 0, 0], cells)
    outcome = np.repeat([1, 0, 1, 0], cells)
    table = TwoByTwo(*cells)
    assert (table.n, table.reachers, table.successes) == (
        len(reached),
        reached.sum(),
        outcome.sum(),
    )
    assert table.rarer == min(outcome.sum(), (1 - outcome).sum())
    if 0 < reached.sum() < len(reached) and 0 < outcome.sum() < len(outcome):
        assert table.phi == pytest.approx(np.corrcoef(reached, outcome)[0, 1], abs=1e-12)
        assert table.ppv == pytest.approx(outcome[reached == 1].mean())
        assert table.rate_without == pytest.approx(outcome[reached == 0].mean())
        assert table.lift == pytest.approx(outcome[reached == 1].mean() / outcome.mean())
        assert table.reach == pytest.approx(reached.mean())
    else:
        assert table.phi is None


def test_nobody_gives_no_number():
    table = TwoByTwo(0, 0, 0, 0)
    figures = (table.base_rate, table.reach, table.ppv, table.rate_without, table.sensitivity)
    assert {*figures, table.specificity, table.lift, table.odds_ratio, table.phi} == {None}


def test_the_tolbutamide_trial():
    # Rothman, Greenland and Lash 2008, table 15-1: deaths by treatment, below and above 55 years;
    # pooled difference 0.035, 90 % limits -0.018 to 0.088 there. Sato's variance by metafor 3 of
    # the same table: -0.0176 to 0.0874.
    found = mantel_haenszel([8, 22], [106, 98], [5, 16], [120, 85], confidence=0.90)
    assert found.estimate[0] == pytest.approx(0.0349, abs=5e-5)
    assert (found.lo[0], found.hi[0]) == pytest.approx((-0.0176, 0.0874), abs=5e-5)


@settings(deadline=None)
@given(st.lists(STRATUM, min_size=1, max_size=6))
def test_equal_to_the_formulas_summed_slowly(strata):
    weight = numerator = p_sum = q_sum = 0.0
    for a, x, b, y in strata:  # reachers with, without the outcome; others with, without
        m1, m0 = a + x, b + y
        if m1 + m0 == 0:
            continue
        n = m1 + m0
        weight += m1 * m0 / n
        numerator += a * m0 / n - b * m1 / n
        p_sum += (m1**2 * b - m0**2 * a + m1 * m0 * (m0 - m1) / 2) / n**2
        q_sum += (a * (m0 - b) + b * (m1 - a)) / (2 * n)
    columns = np.array(strata).T
    found = mantel_haenszel(
        columns[0], columns[0] + columns[1], columns[2], columns[2] + columns[3]
    )
    if weight == 0:
        assert all(math.isnan(part[0]) for part in found)
        return
    rd = numerator / weight
    se = math.sqrt(max(rd * p_sum + q_sum, 0)) / weight
    assert found.estimate[0] == pytest.approx(rd, abs=1e-12)
    assert found.se[0] == pytest.approx(se, abs=1e-7)
    assert found.lo[0] == pytest.approx(max(rd - 1.959964 * se, -1), abs=1e-6)
    assert found.hi[0] == pytest.approx(min(rd + 1.959964 * se, 1), abs=1e-6)


def test_one_stratum_is_the_difference_of_two_shares():
    found = mantel_haenszel(30, 100, 20, 100)
    assert found.estimate[0] == pytest.approx(0.1)
    assert found.p[0] == pytest.approx(2 * stats.norm.sf(0.1 / found.se[0]))


def test_several_tables_are_each_their_own():
    one = mantel_haenszel([3, 4], [9, 9], [1, 2], [9, 8])
    two = mantel_haenszel([[0, 9], [3, 4]], [[5, 9], [9, 9]], [[1, 1], [1, 2]], [[5, 9], [9, 8]])
    assert [each[1] for each in two] == [each[0] for each in one]


def test_strata_with_one_group_change_nothing():
    with_lone = mantel_haenszel([3, 7, 0], [9, 9, 0], [1, 0, 5], [9, 0, 6])
    assert with_lone == mantel_haenszel([3], [9], [1], [9])


def test_the_interval_covers_in_many_small_strata():
    # 5,000 trials of 60 strata of six entrants with a common difference of 0.2: where a variance
    # made for large strata fails. 0.95 +- 4 standard errors.
    random = np.random.default_rng(7)
    m1, m0 = np.full((5000, 60), 3), np.full((5000, 60), 3)
    base = random.uniform(0.1, 0.6, (1, 60))
    found = mantel_haenszel(random.binomial(m1, base + 0.2), m1, random.binomial(m0, base), m0)
    covered = ((found.lo <= 0.2) & (found.hi >= 0.2)).mean()
    assert 0.9377 <= covered <= 0.9623


def test_p_of_nothing_at_all_is_1():
    assert normal_p([0.0, 0.1, np.nan], [0.0, 0.0, 1.0]).tolist()[:2] == [1.0, 0.0]
    assert math.isnan(normal_p(np.nan, 1.0))
