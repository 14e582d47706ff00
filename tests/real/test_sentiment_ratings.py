"""Sentences that twenty people each have rated: how well polarity is told, and what labels mend.

docs/sentiment-evidence.md holds the figures of the same runs.
"""

from pathlib import Path

import numpy as np
import pytest

from tests.jobs import sentiment_evidence as evidence

PAGE = Path(__file__).resolve().parents[2] / "docs" / "sentiment-evidence.md"


@pytest.fixture(scope="module")
def product(dataset):
    dataset("sentiment_ratings")
    return evidence.rated("product sentences")


def test_it_is_the_file_that_others_describe(product):
    assert len(product.rating) == 3708
    # About 0.57 in VADER's paper, 0.59 over all of the file (its README).
    assert np.corrcoef(product.compound, product.rating)[0, 1] == pytest.approx(0.59, abs=0.005)


def test_vader_finds_less_than_half_of_the_negatives(product):
    flags = np.where(product.compound <= -0.05, "negative", "neutral")
    told = evidence.told(product, flags, product.compound)
    assert told.se == pytest.approx(0.43, abs=0.005)  # say-do.md; the note of `themes` says so


def test_figures_of_a_method_are_those_of_its_definition():
    ratings = evidence.Rated(
        np.array(["1", "2", "3", "4", "5"]),
        np.array([-2.0, -1.0, 0.0, 1.0, -0.5]),
        ["a", "b", "c", "d", "e"],
        np.array([-0.5, 0.5, 0.0, 0.5, -0.5]),
    )
    flags = np.array(["negative", "positive", "neutral", "positive", "negative"])
    told = evidence.told(ratings, flags, ratings.compound)
    assert told[:5] == pytest.approx((4 / 5, (4 / 5 + 1 + 2 / 3) / 3, 4 / 5, 2 / 3, 1.0))


def test_labels_from_other_reviews_mend_a_few_splits(product):
    found = evidence.splits(product, range(20))
    assert found.inside >= 17  # of which fewer has a chance of 0.02 where 182 of 200 hold
    assert found.width <= 1.1 * evidence.WIDEST  # the mean of all 200 is what is promised
    assert found.plain == 0


def test_labels_of_the_figure_itself_mend_a_few_draws(product):
    inside, width, _ = evidence.own_draws(product, range(20))
    assert inside >= 17
    assert width == pytest.approx(0.12, abs=0.01)  # say-do.md


@pytest.mark.long
def test_labels_mend_as_many_splits_as_promised(product):
    found = evidence.splits(product, range(200))
    assert found.inside >= evidence.PROMISED
    assert found.width <= evidence.WIDEST
    assert found.plain == 0
    assert 15 <= found.fires <= 45  # 28 where the design was measured


@pytest.mark.long
def test_the_committed_page_is_what_the_command_writes(product):
    assert evidence.page() == PAGE.read_text("utf-8")
