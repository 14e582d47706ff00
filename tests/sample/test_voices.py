"""Weighted shares in sample companies of many seeds hold what everybody would say."""

import pytest

from tests.sample.voices import LIKES_ANSWER_MORE, seen, shares


def test_a_company_is_as_its_planted_shares_say() -> None:
    found = {each.feature: each for each in shares(1)}
    assert found["exports"].truth > 0.7 > found["sharing"].truth > 0.3 > found["alerts"].truth
    assert all(each.eligible > 1_200 and each.respondents > 200 for each in found.values())
    assert all(each.found.weighted and each.found.weighted.margins for each in found.values())


def test_who_likes_it_answering_more_moves_the_share_and_no_behaviour() -> None:
    fair, unfair = shares(2), shares(2, odds=20.0)
    for one, other in zip(fair, unfair, strict=True):
        like = other.found.shares["like"]
        assert like.lo is not None
        assert like.lo > other.truth == one.truth
        assert other.found.bias is not None
        assert other.found.bias.verdict != "not like everybody"


@pytest.mark.long
def test_weighted_likes_cover_the_truth_where_answering_depends_on_the_margins() -> None:
    for each in seen(range(100)):
        assert each.told == 100, each
        assert 250 <= each.respondents <= 450, each
        assert each.covered >= 90, each


@pytest.mark.long
def test_satisfied_who_answer_more_are_seen_by_no_check_of_behaviour() -> None:
    for each in seen(range(100), LIKES_ANSWER_MORE):
        assert each.bias > 0.05, each
        assert each.covered < 90, each
        assert abs(each.do_bias) < 0.05, each
