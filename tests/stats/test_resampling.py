import itertools
import subprocess
import sys

import numpy as np
import pytest
from scipy import stats

from funnelkit.stats import resampling
from funnelkit.stats.resampling import (
    Strata,
    as_large,
    exceeding_p,
    generator,
    permutation_variance,
    permuted,
    permuted_scores,
)

LABELS = np.array([1, 0, 0, 1, 2, 0, 1, 0, 1])
OUTCOME = np.array([1, 1, 0, 0, 1, 1, 0, 0, 0], np.uint8)


def every_permutation(outcome, strata):
    """All ways to deal the outcomes of each stratum among its entities, equally likely."""
    parts = []
    for start, size in zip(strata.starts, strata.sizes, strict=True):
        own = outcome[start : start + size]
        ways = itertools.combinations(range(size), int(own.sum()))
        parts.append([[int(at in chosen) for at in range(size)] for chosen in ways])
    return np.array([[*itertools.chain(*each)] for each in itertools.product(*parts)], np.uint8)


def centred(columns, strata):
    found = columns.astype(float)
    for start, size in zip(strata.starts, strata.sizes, strict=True):
        own = slice(start, start + size)
        found[:, own] -= found[:, own].mean(axis=1, keepdims=True)
    return found


def test_strata_are_sorted_and_stable():
    strata = Strata.of(LABELS)
    assert strata.order.tolist() == [1, 2, 5, 7, 0, 3, 6, 8, 4]
    assert (strata.starts.tolist(), strata.sizes.tolist()) == ([0, 4, 8], [4, 4, 1])
    assert strata.number.tolist() == [0, 0, 0, 0, 1, 1, 1, 1, 2]


def test_every_way_to_permute_within_strata_is_equally_likely():
    strata = Strata.of(LABELS)
    outcome = OUTCOME[strata.order]
    ways = {tuple(row): 0 for row in every_permutation(outcome, strata).tolist()}
    assert len(ways) == 6 * 4  # two of four, one of four, one of one
    for row in permuted(outcome, strata, 24_000, generator("a")).tolist():
        ways[tuple(row)] += 1  # KeyError: an outcome left its stratum
    assert stats.chisquare(list(ways.values())).pvalue > 0.001


def test_the_text_decides_every_number():
    strata = Strata.of(np.zeros(50, np.int64))
    outcome = (np.arange(50) < 20).astype(np.uint8)
    first, again, stream, other = (
        permuted(outcome, strata, 3, generator(*each)).tolist()
        for each in (("salt",), ("salt",), ("salt", 1), ("other",))
    )
    assert first == again
    assert first not in (stream, other)


def test_maxima_equal_exhaustive_permutation():
    random = np.random.default_rng(3)
    strata = Strata.of(LABELS)
    outcome = OUTCOME[strata.order]
    columns = centred(random.integers(0, 2, (5, 9)), strata)
    spread = np.sqrt(columns_variance(columns, outcome, strata))
    exact = np.abs(every_permutation(outcome, strata) @ columns.T / spread)
    observed = np.abs(columns @ outcome / spread)
    largest = exact.max(axis=1)
    expected = [(largest >= each - 1e-9).mean() for each in observed]
    scaled = (columns / spread[:, None]).astype(np.float32)
    blocks = permuted_scores(outcome, strata, lambda own: scaled[:, own], 20_000, generator("b"))
    maxima = np.concatenate([np.abs(block).max(axis=0) for block in blocks]).astype(float)
    assert exceeding_p(observed, maxima) == pytest.approx(expected, abs=4 * np.sqrt(0.25 / 20_000))


def columns_variance(columns, outcome, strata):
    squares = np.add.reduceat(columns**2, strata.starts, axis=1)
    return permutation_variance(squares, outcome, strata)


def test_the_variance_is_that_of_all_permutations():
    random = np.random.default_rng(4)
    strata = Strata.of(LABELS)
    outcome = OUTCOME[strata.order]
    columns = centred(random.normal(size=(4, 9)), strata)
    scores = every_permutation(outcome, strata) @ columns.T
    assert scores.mean(axis=0) == pytest.approx(0, abs=1e-12)
    assert columns_variance(columns, outcome, strata) == pytest.approx(scores.var(axis=0))


def test_one_stratum_agrees_with_scipy():
    outcome = np.array([1, 1, 1, 0, 1, 0, 0, 0, 0, 0], np.uint8)
    column = np.array([3.0, 1, 2, 0, 5, 1, 0, 2, 0, 1])
    strata = Strata.of(np.zeros(10, np.int64))
    scaled = (column - column.mean()).astype(np.float32)[None]
    blocks = permuted_scores(outcome, strata, lambda own: scaled[:, own], 20_000, generator("c"))
    maxima = np.concatenate([np.abs(block[0]) for block in blocks]).astype(float)
    ours = exceeding_p(np.abs(scaled.astype(float) @ outcome), maxima)[0]
    theirs = stats.permutation_test(
        (column[outcome == 1], column[outcome == 0]),
        lambda with_it, without: np.abs(with_it.sum() - 4 * column.mean()),
        alternative="greater",
        n_resamples=np.inf,
    )
    assert ours == pytest.approx(theirs.pvalue, abs=0.01)


def test_blocks_and_slices_change_no_score(monkeypatch):
    random = np.random.default_rng(5)
    strata = Strata.of(random.integers(0, 4, 80))
    outcome = random.integers(0, 2, 80).astype(np.uint8)
    columns = centred(random.integers(0, 2, (7, 80)), strata).astype(np.float32)

    def scores():
        blocks = permuted_scores(outcome, strata, lambda own: columns[:, own], 30, generator("d"))
        return np.concatenate(list(blocks), axis=1)

    whole = scores()
    monkeypatch.setattr(resampling, "_CELLS", 7 * 11)
    sliced = scores()
    monkeypatch.setattr(resampling, "_KEPT", 1)
    assert sliced == pytest.approx(whole, abs=1e-4)
    assert np.array_equal(scores(), sliced)


def test_no_column_gives_no_score():
    strata = Strata.of(np.zeros(4, np.int64))
    outcome = np.array([1, 0, 0, 1], np.uint8)
    empty = np.zeros((0, 4), np.float32)
    blocks = list(permuted_scores(outcome, strata, lambda own: empty[:, own], 5, generator("e")))
    assert [block.shape for block in blocks] == [(0, 5)]


def test_p_counts_ties_and_itself():
    maxima = np.array([1.0, 2.0, 2.0, 3.0])
    # By hand: (1 + those at least as large) / 5; a hair's difference is a tie.
    assert exceeding_p(np.array([2.0, 2.00001, 3.5, 0.5]), maxima).tolist() == [0.8, 0.8, 0.2, 1.0]
    assert as_large(np.array([3.0]), maxima).tolist() == [1]


@pytest.mark.parametrize("threads", ["1", "2"])
def test_p_does_not_depend_on_threads(threads):
    code = (
        "import numpy as np\n"
        "from funnelkit.stats.resampling import *\n"
        "r = np.random.default_rng(6)\n"
        "s = Strata.of(r.integers(0, 40, 3000)); y = r.integers(0, 2, 3000).astype(np.uint8)\n"
        "x = r.normal(size=(200, 3000)).astype(np.float32)\n"
        "b = permuted_scores(y, s, lambda own: x[:, own], 300, generator('f'))\n"
        "m = np.concatenate([np.abs(each).max(axis=0) for each in b]).astype(float)\n"
        "print(exceeding_p(np.sort(m)[::10], m).tolist())"
    )
    found = subprocess.run(
        [sys.executable, "-c", code],
        env={"OPENBLAS_NUM_THREADS": threads, "PATH": ""},
        capture_output=True,
        text=True,
        check=True,
    )
    # Ranks of every tenth of 300 sorted maxima, largest last: (1 + 300 - 10 i) / 301.
    assert eval(found.stdout) == pytest.approx([(301 - 10 * i) / 301 for i in range(30)])
