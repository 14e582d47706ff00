from math import sqrt

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from funnelkit.stats.proportions import wilson, z_value
from tests.stats.vectors import cases

COUNTS = st.integers(1, 10**7).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


@pytest.mark.parametrize("case", cases("wilson_"))
def test_worked_examples(case):
    inputs = case["inputs"]
    found = wilson(inputs["successes"], inputs["n"], inputs["conf"])
    assert found[1:] == pytest.approx(case["expected"], abs=case["tolerance_abs"])
    assert found[1:] == pytest.approx(case["recomputed"], abs=1e-9)


@pytest.mark.parametrize(
    ("successes", "n", "lo", "hi"),
    [
        # Newcombe 1998, Statistics in Medicine 17:857-872, Table I, method 3.
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_newcombe_1998_table_1(successes, n, lo, hi):
    found = wilson(successes, n)
    assert (round(found.lo or 0, 4), round(found.hi or 0, 4)) == (lo, hi)
    assert found.estimate == successes / n


def test_nothing_observed_gives_no_number():
    assert wilson(0, 0) == (None, None, None)


def test_ends_are_exact():
    assert wilson(0, 7).lo == 0.0
    assert wilson(7, 7).hi == 1.0


@settings(deadline=None)
@given(COUNTS, st.floats(0.5, 0.999))
def test_lies_in_0_to_1_and_contains_the_estimate(counts, confidence):
    estimate, lo, hi = wilson(counts[0], counts[1], confidence)
    assert estimate is not None
    assert lo is not None
    assert hi is not None
    assert 0 <= lo <= estimate <= hi <= 1
    assert lo < hi


@settings(deadline=None)
@given(COUNTS, st.floats(0.5, 0.999))
def test_limits_are_where_the_score_test_turns(counts, confidence):
    successes, n = counts
    for limit in wilson(successes, n, confidence)[1:]:
        assert limit is not None
        if 0 < limit < 1:
            distance = abs(successes / n - limit) / sqrt(limit * (1 - limit) / n)
            assert distance == pytest.approx(z_value(confidence), rel=1e-5)


@settings(deadline=None)
@given(COUNTS)
def test_one_more_success_raises_both_limits(counts):
    successes, n = counts
    assume(successes < n)
    before, after = wilson(successes, n), wilson(successes + 1, n)
    assert before.lo is not None
    assert before.hi is not None
    assert before < after
    assert before.lo < (after.lo or 0)
    assert before.hi < (after.hi or 0)


@settings(deadline=None)
@given(COUNTS)
def test_failures_are_the_mirror_of_successes(counts):
    successes, n = counts
    found, mirror = wilson(successes, n), wilson(n - successes, n)
    assert found.lo == pytest.approx(1 - (mirror.hi or 0), abs=1e-12)
    assert found.hi == pytest.approx(1 - (mirror.lo or 0), abs=1e-12)


@settings(deadline=None)
@given(COUNTS, st.floats(0.5, 0.99))
def test_more_confidence_is_wider(counts, confidence):
    narrow, wide = (
        wilson(counts[0], counts[1], confidence),
        wilson(counts[0], counts[1], confidence + 0.009),
    )
    assert (wide.hi or 0) - (wide.lo or 0) > (narrow.hi or 0) - (narrow.lo or 0)


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ((0, -1), "n == -1, must be >= 0."),
        ((-1, 3), "successes == -1, must be between 0 and n == 3."),
        ((4, 3), "successes == 4, must be between 0 and n == 3."),
        ((1, 3, 1.0), "confidence == 1.0, must be between 0 and 1."),
        ((0, 0, 95), "confidence == 95, must be between 0 and 1."),
    ],
)
def test_arguments_are_checked(arguments, told):
    with pytest.raises(ValueError, match="must be") as caught:
        wilson(*arguments)
    assert str(caught.value) == told
