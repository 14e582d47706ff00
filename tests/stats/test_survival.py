import math
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from funnelkit.stats.survival import kaplan_meier, log_rank
from tests.stats.vectors import cases

# Freireich et al. 1963, weeks in remission under 6-MP: (week, relapsed, censored).
SIX_MP = [
    *((6, 3, 1), (7, 1, 0), (9, 0, 1), (10, 1, 1), (11, 0, 1), (13, 1, 0), (16, 1, 0)),
    *((17, 0, 1), (19, 0, 1), (20, 0, 1), (22, 1, 0), (23, 1, 0), (25, 0, 1), (32, 0, 2)),
    *((34, 0, 1), (35, 0, 1)),
]
GROUPS = st.lists(
    st.tuples(st.integers(0, 12), st.integers(0, 4), st.integers(0, 4)), min_size=1, max_size=10
).filter(lambda rows: sum(row[1] + row[2] for row in rows) > 0)


def columns(rows):
    times, converted, censored = zip(*rows, strict=True)
    return times, converted, censored


def curve_of(rows, **options):
    return kaplan_meier(*columns(rows), **options)


@pytest.mark.parametrize("case", cases("km_"))
def test_worked_examples(case):
    rows = [
        (time, event, 1 - event)
        for time, event in zip(case["inputs"]["time"], case["inputs"]["event"], strict=True)
    ]
    curve = curve_of(rows)
    at = np.isin(curve.times_us, case["expected"]["times"])
    tolerance = case["tolerance_abs"]
    assert 1 - curve.share[at] == pytest.approx(case["expected"]["survival"], abs=tolerance)
    errors = case["expected"].get("greenwood_se") or case["expected"]["se"]
    assert curve.se[at][: len(errors)] == pytest.approx(errors, abs=tolerance)


def test_kleinbaum_and_klein_table_of_the_6mp_arm():
    # Survival Analysis, chapter 2: n_f and S(t) at each failure time, three decimals there.
    curve = curve_of(SIX_MP)
    fails = [time for time, relapsed, _ in SIX_MP if relapsed]
    at = np.isin(curve.times_us, fails)
    assert curve.at_risk[at].tolist() == [21, 17, 15, 12, 11, 7, 6]
    expected = [0.8571, 0.8067, 0.7529, 0.6902, 0.6275, 0.5378, 0.4482]
    assert (1 - curve.share[at]).round(4).tolist() == expected


def test_half_converted_by_the_published_median_of_the_6mp_arm():
    curve = curve_of(SIX_MP)  # the same table: median 23 weeks, first quartile 13
    assert (curve.quantile(0.5), curve.quantile(0.25), curve.quantile(0.6)) == (23, 13, None)


@settings(max_examples=60, deadline=None)
@given(GROUPS, st.sampled_from([0.8, 0.95]))
def test_equal_to_scipy_on_one_number_an_entity(rows, confidence):
    curve = curve_of(rows, confidence=confidence)
    converted = [time for time, count, _ in rows for _ in range(count)]
    censored = [time for time, _, count in rows for _ in range(count)]
    result = stats.ecdf(stats.CensoredData(uncensored=converted, right=censored))
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it says where the limits are undefined, as we do
        limits = result.cdf.confidence_interval(confidence, method="log-log")
    seen = np.isin(curve.times_us, result.cdf.quantiles)
    assert curve.times_us[seen].tolist() == result.cdf.quantiles.tolist()
    assert curve.share[seen] == pytest.approx(result.cdf.probabilities, abs=1e-12)
    inside = (curve.share[seen] > 0) & (curve.share[seen] < 1)
    for ours, theirs in ((curve.lo, limits.low), (curve.hi, limits.high)):
        assert ours[seen][inside] == pytest.approx(theirs.probabilities[inside], abs=1e-9)


@settings(deadline=None)
@given(GROUPS)
def test_the_curve_rises_inside_its_limits(rows):
    curve = curve_of(rows)
    assert (np.diff(curve.share) >= 0).all()
    assert (np.diff(curve.at_risk) <= 0).all()
    known = ~np.isnan(curve.lo)
    assert (curve.lo[known] <= curve.share[known] + 1e-12).all()
    assert (curve.share[known] <= curve.hi[known] + 1e-12).all()
    assert (known == ((curve.share > 0) & (curve.share < 1))).all()


@settings(deadline=None)
@given(GROUPS, st.randoms(use_true_random=False))
def test_order_and_grouping_of_the_counts_change_nothing(rows, random):
    split = [(time, 1, 0) for time, count, _ in rows for _ in range(count)]
    split += [(time, 0, 1) for time, _, count in rows for _ in range(count)]
    random.shuffle(split)
    whole = curve_of([row for row in rows if row[1] + row[2]])
    for ours, theirs in zip(whole, curve_of(split), strict=True):
        assert np.array_equal(ours, theirs, equal_nan=True)


def test_without_censoring_it_is_the_plain_share():
    curve = curve_of([(0, 2, 0), (5, 3, 0), (9, 0, 5)])
    assert curve.share.tolist() == pytest.approx([0.2, 0.5, 0.5])
    assert curve.at_risk.tolist() == [10, 8, 5]


def test_all_converted_has_no_limits_at_the_end():
    curve = curve_of([(1, 1, 0), (2, 1, 0)])
    assert curve.share.tolist() == [0.5, 1.0]
    assert math.isnan(curve.hi[1])
    assert math.isnan(curve.se[1])


def test_nobody_gives_an_empty_curve():
    assert [len(part) for part in kaplan_meier([], [], [])] == [0] * 6


def test_large_groups_are_counted_not_expanded():
    curve = kaplan_meier([1, 2], [10**9, 0], [0, 3 * 10**9])
    assert curve.share.tolist() == [0.25, 0.25]


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (([1], [1], []), "equal lengths"),
        (([-1], [1], [0]), "times_us holds -1, must be >= 0."),
        (([1], [-2], [0]), "converted holds -2, must be >= 0."),
        (([1], [1], [-3]), "censored holds -3, must be >= 0."),
        (([1], [1], [0], 1.5), "confidence == 1.5, must be between 0 and 1."),
    ],
)
def test_arguments_are_checked(arguments, told):
    with pytest.raises(ValueError, match="must") as caught:
        kaplan_meier(*arguments)
    assert told in str(caught.value)


@pytest.mark.parametrize("share", [0, 1, -0.5])
def test_quantiles_are_of_a_share_between_0_and_1(share):
    with pytest.raises(ValueError, match="must be between 0 and 1"):
        curve_of([(1, 1, 0)]).quantile(share)


PLACEBO = [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23]


@pytest.mark.parametrize("case", cases("logrank_"))
def test_log_rank_of_the_published_trial(case):
    inputs = case["inputs"]
    groups = []
    for name in "ab":
        events = inputs[f"event_{name}"]
        groups += [inputs[f"time_{name}"], events, [1 - event for event in events]]
    expected = case["expected"]
    chi2 = stats.chi2.isf(log_rank(*groups), 1)
    assert chi2 == pytest.approx(expected["chi2"], abs=case["tolerance_abs"])
    assert kaplan_meier(*groups[:3]).quantile(0.5) == expected["median_a"]
    assert kaplan_meier(*groups[3:]).quantile(0.5) == expected["median_b"]


def test_log_rank_of_6mp_against_placebo_in_kleinbaum_and_klein():
    placebo = (PLACEBO, [1] * len(PLACEBO), [0] * len(PLACEBO))
    p = log_rank(*columns(SIX_MP) + placebo)
    assert stats.chi2.isf(p, 1) == pytest.approx(16.79, abs=0.006)


@settings(max_examples=60, deadline=None)
@given(GROUPS, GROUPS)
def test_log_rank_is_that_of_scipy(a, b):
    (times_a, *counts_a), (times_b, *counts_b) = columns(a), columns(b)
    p = log_rank(times_a, counts_a[0], counts_a[1], times_b, counts_b[0], counts_b[1])
    groups = [
        stats.CensoredData(
            uncensored=[time for time, count, _ in rows for _ in range(count)],
            right=[time for time, _, count in rows for _ in range(count)],
        )
        for rows in (a, b)
    ]
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = stats.logrank(*groups).pvalue
    if p is None:
        assert math.isnan(theirs)
    else:
        assert p == pytest.approx(theirs, abs=1e-9)


@pytest.mark.parametrize("nobody", [([], [], []), ([3], [0], [5])])
def test_log_rank_of_nothing_to_compare(nobody):
    alone = ([1, 2], [0, 0], [1, 1])
    assert log_rank(nobody[0], nobody[1], nobody[2], *alone) is None


@settings(max_examples=60, deadline=None)
@given(GROUPS, st.sampled_from([0.1, 0.25, 0.5, 0.8]))
def test_quantile_limits_are_where_the_band_of_scipy_crosses(rows, share):
    found = curve_of(rows).quantile_interval(share)
    converted = [time for time, count, _ in rows for _ in range(count)]
    censored = [time for time, _, count in rows for _ in range(count)]
    result = stats.ecdf(stats.CensoredData(uncensored=converted, right=censored))
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        limits = result.cdf.confidence_interval(0.95, method="log-log")
    inside = (result.cdf.probabilities > 0) & (result.cdf.probabilities < 1)
    expected = []
    for curve, known in (
        (result.cdf.probabilities, np.ones_like(inside)),
        (limits.high.probabilities, inside),
        (limits.low.probabilities, inside),
    ):
        there = (curve >= share - 1e-12) & known
        expected.append(int(result.cdf.quantiles[there][0]) if there.any() else None)
    assert found == tuple(expected)


def test_the_median_of_the_6mp_arm_has_no_upper_limit():
    assert curve_of(SIX_MP).quantile_interval(0.5) == (23, 13, None)


def test_read_at_a_time():
    curve = curve_of(SIX_MP)
    # Kleinbaum and Klein: S stays at 0.8067 from week 7 until just before week 10.
    for week in (7, 8, 9):
        assert curve.at(week).estimate == pytest.approx(1 - 0.8067, abs=5e-5)
    index = int(np.flatnonzero(curve.times_us == 9)[0])
    assert curve.at(9) == (curve.share[index], curve.lo[index], curve.hi[index])
    assert curve.at(5) == (0.0, None, None)
    assert curve.at(36) == (None, None, None)  # the last was seen in week 35


def test_read_after_all_have_converted():
    assert curve_of([(1, 1, 0), (2, 1, 0)]).at(9) == (1.0, None, None)
    assert kaplan_meier([], [], []).at(1) == (None, None, None)


@pytest.mark.parametrize("share", [0, 1])
def test_quantile_limits_are_of_a_share_between_0_and_1(share):
    with pytest.raises(ValueError, match="must be between 0 and 1"):
        curve_of([(1, 1, 0)]).quantile_interval(share)
