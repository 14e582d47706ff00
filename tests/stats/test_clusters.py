from fractions import Fraction
from math import sqrt

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from funnelkit.stats.proportions import (
    Clusters,
    clustered_wilson,
    two_proportion_p,
    wilson,
    z_value,
)

# Weil 1970: pups of a litter alive after 21 days, of those alive after 4; control and treated.
CONTROL = [
    *((13, 13), (12, 12), (9, 9), (9, 9), (8, 8), (8, 8), (12, 13), (11, 12)),
    *((9, 10), (9, 10), (8, 9), (11, 13), (4, 5), (5, 7), (7, 10), (7, 10)),
]
TREATED = [
    *((12, 12), (11, 11), (10, 10), (9, 9), (10, 11), (9, 10), (9, 10), (8, 9)),
    *((8, 9), (4, 5), (7, 9), (4, 7), (5, 10), (3, 6), (3, 10), (0, 7)),
]
LOGS = st.lists(
    st.integers(0, 6).flatmap(lambda m: st.tuples(st.integers(0, m), st.just(m))),
    min_size=1,
    max_size=12,
)


def summed(log: list[tuple[int, int]]) -> Clusters:
    return Clusters(
        clusters=len(log),
        sum_x=sum(x for x, _ in log),
        sum_m=sum(m for _, m in log),
        sum_x2=sum(x * x for x, _ in log),
        sum_xm=sum(x * m for x, m in log),
        sum_m2=sum(m * m for _, m in log),
    )


@pytest.mark.parametrize(("litters", "effect"), [(CONTROL, 1.232495), (TREATED, 3.952861)])
def test_design_effects_of_rao_and_scott_1992(litters, effect):
    # Their Table 1; 6 decimals as the R package PF documents them for the same litters.
    assert summed(litters).design_effect == pytest.approx(effect, abs=5e-7)


def test_litters_that_are_alike_are_worth_less():
    control, treated = summed(CONTROL), summed(TREATED)
    naive = two_proportion_p(142, 158, 112, 145)
    found = two_proportion_p(
        *(control.sum_x / control.design_effect, control.effective_n),
        *(treated.sum_x / treated.design_effect, treated.effective_n),
    )
    assert naive is not None
    assert found is not None
    assert naive < 0.01 < found < 0.05


@settings(deadline=None)
@given(LOGS)
def test_design_effect_is_that_of_a_loop_over_the_clusters(log):
    trials, done = sum(m for _, m in log), sum(x for x, _ in log)
    found = summed(log)
    if all(m < 2 for _, m in log):  # independent trials
        assert found.design_effect == 1.0
        return
    if len(log) < 2 or done in (0, trials):
        worst = sum(m * m for _, m in log) / trials if trials else 1.0
        assert found.design_effect == pytest.approx(worst)
        return
    share = Fraction(done, trials)
    spread = sum((x - share * m) ** 2 for x, m in log)
    variance = Fraction(len(log), len(log) - 1) * spread / trials**2
    independent = share * (1 - share) / trials
    assert found.design_effect == pytest.approx(max(1.0, float(variance / independent)))


@settings(deadline=None)
@given(LOGS)
def test_never_worth_more_than_independent_trials(log):
    found = summed(log)
    estimate, lo, hi = clustered_wilson(found)
    plain = wilson(found.sum_x, found.sum_m)
    if found.sum_m == 0:
        assert (estimate, lo, hi) == plain == (None, None, None)
        return
    assert estimate == plain.estimate
    assert lo is not None
    assert hi is not None
    assert 0 <= lo <= (plain.lo or 0) + 1e-12
    assert (plain.hi or 0) - 1e-12 <= hi <= 1
    assert found.effective_n <= found.sum_m


def test_where_the_data_cannot_tell_a_cluster_counts_as_all_alike():
    # 4 entities of 3 attempts each: at most 4 independent ones, whether none or all succeed.
    for done in (0, 3):
        found = clustered_wilson(summed([(done, 3)] * 4))
        assert found == pytest.approx(wilson(done / 3 * 4, 4))
    assert clustered_wilson(summed([(4, 9)]))[1:] == pytest.approx(_score(4 / 9, 1))


def _score(share: float, n: float) -> tuple[float, float]:
    """Wilson's limits written out: (2 n p + z² -+ z sqrt(z² + 4 n p (1 - p))) / 2 (n + z²)."""
    z = z_value(0.95)
    root = z * sqrt(z * z + 4 * n * share * (1 - share))
    middle = 2 * n * share + z * z
    return (middle - root) / (2 * (n + z * z)), (middle + root) / (2 * (n + z * z))


def test_attempts_that_all_end_as_their_entity_count_as_entities():
    # 30 of 100 entities succeed, each in all of its 5 attempts: 100 trials but for c / (c - 1).
    found = summed([(5, 5)] * 30 + [(0, 5)] * 70)
    assert found.effective_n == pytest.approx(99)
    assert clustered_wilson(found)[1:] == pytest.approx(_score(0.3, 99))


def test_entities_without_a_trial_add_only_their_number():
    log = [(1, 2), (0, 3), (2, 2), (1, 4)]
    with_idle = summed([*log, (0, 0), (0, 0)])
    assert with_idle.design_effect == pytest.approx(
        summed(log).design_effect * (6 / 5) / (4 / 3), rel=1e-12
    )


def test_whole_numbers_do_not_cancel_in_a_large_log():
    # 10^9 entities of which half always succeed, each with 1,000 attempts, and one odd one.
    half, each = 5 * 10**8, 1000
    found = Clusters(
        clusters=2 * half + 1,
        sum_x=half * each,
        sum_m=2 * half * each + 1,
        sum_x2=half * each**2,
        sum_xm=half * each**2,
        sum_m2=2 * half * each**2 + 1,
    )
    assert found.design_effect == pytest.approx(each, rel=1e-6)


def test_covers_the_truth_where_independent_trials_would_not():
    rng = np.random.default_rng(3)
    truth, runs, covered, naive = 0.4, 1000, 0, 0
    for _ in range(runs):
        sizes = rng.geometric(1 / 3, 150)
        done = rng.binomial(sizes, rng.beta(0.8, 1.2, 150))
        log = list(zip(done.tolist(), sizes.tolist(), strict=True))
        limits = clustered_wilson(summed(log))
        plain = wilson(sum(done.tolist()), int(sizes.sum()))
        covered += (limits.lo or 0) <= truth <= (limits.hi or 0)
        naive += (plain.lo or 0) <= truth <= (plain.hi or 0)
    assert 0.93 <= covered / runs <= 0.97
    assert naive / runs < 0.85


def test_arguments_are_checked():
    with pytest.raises(ValueError, match="successes == 3, must be between 0 and n == 2"):
        clustered_wilson(Clusters(1, 3, 2, 9, 6, 4))
    with pytest.raises(ValueError, match="confidence == 2"):
        clustered_wilson(Clusters(0, 0, 0, 0, 0, 0), 2)
