from itertools import combinations

import numpy as np
import pytest

from funnelkit.stats import tiers as module
from funnelkit.stats.resampling import generator
from funnelkit.stats.tiers import Rank, clearly_above, tiers, tiers_of

NAMES = ("a", "b", "c", "d")


def drawn(means, spread, replicates=4000, seed=1):
    random = np.random.default_rng(seed)
    return np.array(means, float) + random.normal(size=(replicates, len(means))) * spread


def test_far_apart_rows_are_tiers_of_their_own():
    means = [40.0, 30, 20, 10]
    assert tiers_of(np.array(means), drawn(means, 1), NAMES) == [
        Rank(1, 1, 1),
        Rank(2, 2, 2),
        Rank(3, 3, 3),
        Rank(4, 4, 4),
    ]


def test_rows_within_chance_share_one():
    means = [10.3, 10.2, 10.1, 10.0]
    assert tiers_of(np.array(means), drawn(means, 1), NAMES) == [Rank(1, 1, 4)] * 4


def test_the_leader_decides_and_not_the_neighbour():
    # Neighbours are 3 apart and their difference has an error of 1.41: within chance. The leader
    # beats the third (6 > 2.3 x 1.41), which so leads the next tier, with the fourth in it.
    means = [19.0, 16, 13, 10]
    found = tiers_of(np.array(means), drawn(means, 1), NAMES)
    assert [each.tier for each in found] == [1, 1, 2, 2]
    assert found == [Rank(1, 1, 2), Rank(1, 1, 3), Rank(2, 2, 4), Rank(2, 3, 4)]


def test_the_order_of_rows_changes_nothing():
    means, turned = [19.0, 16, 13, 10], [3, 1, 0, 2]
    draws = drawn(means, 1)
    plain = tiers_of(np.array(means), draws, NAMES)
    other = tiers_of(np.array(means)[turned], draws[:, turned], tuple(NAMES[at] for at in turned))
    assert other == [plain[at] for at in turned]


def test_the_limit_is_simultaneous():
    # All pairs by plain loops: the 90 % quantile of the largest deviation of any pair.
    means = [9.0, 6, 3, 0]
    estimates, draws = np.array(means), drawn(means, [1, 2, 0.5, 1], 999, 3)
    pairs = list(combinations(range(4), 2))
    errors = {(i, j): (draws[:, i] - draws[:, j]).std() for i, j in pairs}
    largest = [
        max(abs(row[i] - row[j] - means[i] + means[j]) / errors[i, j] for i, j in pairs)
        for row in draws.tolist()
    ]
    limit = np.quantile(largest, 0.9)
    expected = np.zeros((4, 4), bool)
    for i, j in pairs:
        expected[i, j] = means[i] - means[j] > limit * errors[i, j]
    assert 0 < expected.sum() < len(pairs)
    assert np.array_equal(clearly_above(estimates, draws), expected)
    turned = clearly_above(-estimates, -draws)
    assert np.array_equal(turned, expected.T)


def test_blocks_of_pairs_change_nothing(monkeypatch):
    means = np.arange(12.0)
    draws = drawn(means, 1, 300)
    whole = clearly_above(means, draws)
    monkeypatch.setattr(module, "_BLOCK", 600)
    assert np.array_equal(clearly_above(means, draws), whole)


def test_two_rows_of_the_same_accounts_are_one_tier():
    contributions = np.repeat(np.arange(30.0)[:, None], 2, axis=1)
    assert tiers(contributions, ("x", "y"), generator("t")) == [Rank(1, 1, 2)] * 2


def test_one_account_alone_makes_no_tier():
    # The whole of `a` is one account of forty: 0.36 of the samples do not have it at all.
    contributions = np.ones((40, 2))
    contributions[:, 0] = 0
    contributions[0, 0] = 90
    assert tiers(contributions, ("a", "b"), generator("t")) == [Rank(1, 1, 2)] * 2


def test_many_accounts_do():
    random = np.random.default_rng(5)
    contributions = random.integers(0, 10, (400, 3)) * np.array([4.0, 1, 1])
    found = tiers(contributions, ("a", "b", "c"), generator("t"))
    assert [each.tier for each in found] == [1, 2, 2]
    turned = tiers(contributions[::-1], ("a", "b", "c"), generator("t"))
    assert turned == found


def test_few_rows():
    assert tiers(np.zeros((0, 1)), ("a",), generator("t")) == [Rank(1, 1, 1)]
    assert tiers(np.zeros((5, 0)), (), generator("t")) == []
    assert tiers_of(np.array([2.0]), drawn([2.0], 1), ("a",)) == [Rank(1, 1, 1)]


def test_a_smaller_confidence_tells_more_apart():
    means = [12.4, 10.0]
    draws = drawn(means, 1)
    assert [each.tier for each in tiers_of(np.array(means), draws, NAMES[:2], 0.95)] == [1, 1]
    assert [each.tier for each in tiers_of(np.array(means), draws, NAMES[:2], 0.80)] == [1, 2]
    assert pytest.approx(0.90) == module.CONFIDENCE
