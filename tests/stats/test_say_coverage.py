"""Intervals of say versus do cover as often as promised: a few samples always, many if asked.

docs/say-do-evidence.md holds the figures of the same samples.
"""

import pytest

from tests.stats import simulate_say as simulate
from tests.stats import worlds_say as worlds
from tests.stats.worlds_say import LARGEST, MARKETS, READERS, SMALLEST, coverage, mean, width

FEW = 60  # fewer than 51 of which cover with a chance of 0.001 if 95 % do


def at_least(found, share):
    """Whether coverage is `share` or more, but for what as many samples may miss it by chance."""
    error = (share * (1 - share) / len(found)) ** 0.5
    return coverage(found) >= share - 3 * error


def test_a_few_populations_are_covered_where_the_respondents_alone_are_not():
    found = worlds.answers(-2.5, FEW)
    assert all(SMALLEST * 0.1 < each.like.n < LARGEST for each in found)
    assert at_least([each.like for each in found], 0.95)
    assert coverage([each.plain for each in found]) < 0.3
    assert mean(each.verdict == "not like everybody" for each in found) < 0.05


def test_the_check_refutes_where_use_decides_who_answers():
    found = worlds.answers(-2.5, FEW, used=4.0)
    assert mean(each.verdict == "not like everybody" for each in found) > 0.5


def test_the_check_cannot_see_that_the_satisfied_answer_more():
    found = worlds.answers(-2.5, FEW, liked=2.0)
    assert mean(each.verdict == "not like everybody" for each in found) < 0.05
    assert mean(each.like.estimate - each.like.truth for each in found) > 0.05


@pytest.mark.parametrize("market", MARKETS[:2])
def test_a_few_markets_are_covered(market):
    assert at_least(worlds.revenues(market, FEW), 0.92)


@pytest.mark.parametrize("how", [worlds.elsewhere, worlds.within])
def test_a_few_calibrated_shares_are_covered(how):
    assert at_least(worlds.readings(how, READERS[1], FEW), 0.95)


def test_a_few_claims_are_covered():
    found = worlds.agreements(100, FEW)
    assert at_least(found["mean"], 0.88)
    assert at_least(found["median"], 0.94)
    assert at_least(found["spearman"], 0.95)


def test_a_few_rankings_hold():
    assert mean(held for held, _ in worlds.rankings(150, 10)) == 1


def test_a_section_takes_the_place_of_its_own_alone():
    title = simulate.TITLE
    assert simulate.written("# Page\n", f"{title}\n\nnew\n") == f"# Page\n\n{title}\n\nnew\n"
    page = f"# Page\n\n{title}\n\nold\n\n## Other\n\nkept\n"
    expected = f"# Page\n\n{title}\n\nnew\n\n## Other\n\nkept\n"
    assert simulate.written(page, f"{title}\n\nnew\n") == expected
    assert simulate.written(expected, f"{title}\n\nnew\n") == expected


@pytest.mark.parametrize(("n", "expected"), [(10, 0.953), (30, 0.953)])
def test_mean_coverage_of_the_gap_is_exact(n, expected):
    covered = worlds.gap_coverage(n)
    assert covered.mean() == pytest.approx(expected, abs=0.003)
    assert covered.min() > 0.86


@pytest.mark.parametrize("n", [10, 30])
def test_mean_coverage_of_nps_is_exact(n):
    assert worlds.nps_coverage(n).mean() == pytest.approx(0.95, abs=0.005)


@pytest.mark.long
@pytest.mark.parametrize("intercept", simulate.INTERCEPTS[1:])  # about 200, 420 and 550 respondents
def test_the_weighted_share_of_likes_covers_in_nine_of_ten(intercept):
    found = worlds.answers(intercept)
    for name in ("like", "cell"):
        assert coverage([getattr(each, name) for each in found]) >= 0.90


@pytest.mark.long
@pytest.mark.parametrize("market", MARKETS)
def test_estimated_revenue_covers(market):
    assert coverage(worlds.revenues(market)) >= (0.91 if abs(market.slope) < 0.5 else 0.87)


@pytest.mark.long
@pytest.mark.parametrize("reader", READERS)
def test_calibrated_shares_cover_at_the_promised_width(reader):
    other, own = (worlds.readings(how, reader) for how in (worlds.elsewhere, worlds.within))
    assert min(coverage(other), coverage(own)) >= 0.93
    assert width(other) <= 0.28
    assert width(own) <= 0.12


@pytest.mark.long
@pytest.mark.parametrize("accounts", [40, 150, 600])
def test_all_rank_intervals_hold_in_nine_of_ten(accounts):
    assert mean(held for held, _ in worlds.rankings(accounts)) >= 0.90


@pytest.mark.long
def test_the_committed_figures_are_those_of_this_program():
    committed = simulate.PAGE.read_text("utf-8")
    assert simulate.written(committed, simulate.report()) == committed
