import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from vaderSentiment.vaderSentiment import SentimentIntensityAnalyzer

from funnelkit.jobs.mentions import mentions
from funnelkit.jobs.sentiment import Method
from funnelkit.jobs.themes import Taxonomy, Theme
from tests.jobs.test_sentences import frame

TAXONOMY = Taxonomy(
    None, (Theme("exports", "exports", ("export",)), Theme("pricing", None, ("price", "cost")))
)


def told(*texts, **columns):
    said = frame(*texts).with_columns(**{name: pl.lit(value) for name, value in columns.items()})
    return mentions(said, TAXONOMY).drop("feature", "compound").rows()


def test_the_sentence_that_mentions_the_theme_decides_and_not_the_text():
    text = "I love it here. The export is horrible. Everything else is great, great, great!"
    assert told(text) == [("r0", "exports", "negative", 1, 2)]


def test_of_several_sentences_the_surest_decides():
    text = "The export is good. The export is absolutely horrible, terrible and awful. Exports."
    assert told(text) == [("r0", "exports", "negative", 3, 2)]


def test_equally_sure_sentences_that_differ_make_a_neutral_mention():
    def scores(sentences):
        known = {"Export a.": -0.5, "Export b.": 0.5, "Export c.": 0.1}
        table = pl.DataFrame({"sentence": known.keys(), "compound": known.values()})
        return table.with_columns(polarity=pl.lit("positive"))

    found = mentions(frame("Export a. Export b. Export c."), TAXONOMY, Method("own", scores))
    assert found.select("polarity", "compound", "sentences").rows() == [("neutral", 0.0, 3)]


def test_a_sentence_on_two_themes_is_a_mention_of_both():
    assert told("Exports cost a horrible lot.") == [
        *(("r0", "exports", "negative", 1, 1), ("r0", "pricing", "negative", 1, 1)),
    ]


def test_a_text_in_another_language_is_a_mention_without_polarity():
    assert told("Export horrible!", language="fr") == [("r0", "exports", None, 1, 1)]
    assert told("Export horrible!", language="en") == [("r0", "exports", "negative", 1, 1)]


@pytest.mark.parametrize("texts", [(), ("Nothing of that",), (None,)])
def test_nothing_said_is_no_row(texts):
    found = mentions(frame(*texts), TAXONOMY)
    assert found.height == 0
    assert found.schema == mentions(frame("export"), TAXONOMY).schema


def test_a_taxonomy_without_themes_finds_nothing():
    assert mentions(frame("export"), Taxonomy(None, ())).height == 0


WORDS = ("export", "exports", "price", "good", "bad", "horrible", "not", "it", "Exported")
SENTENCES = st.lists(st.sampled_from(WORDS), min_size=1, max_size=5).map(" ".join)
TEXTS = st.lists(st.lists(SENTENCES, max_size=4), max_size=5)


def by_hand(texts):
    """The rule again, a text, theme and sentence at a time."""
    score = SentimentIntensityAnalyzer().polarity_scores
    themes = {"exports": {"export", "exports"}, "pricing": {"price"}}
    rows = []
    for number, text in enumerate(texts):
        for theme, words in themes.items():
            said = [
                (at, score(f"{each}.")["compound"])
                for at, each in enumerate(text, 1)
                if words & set(each.split())
            ]
            if not said:
                continue
            top = max(abs(compound) for _, compound in said)
            at, compound = next(each for each in said if abs(each[1]) == top)
            if {-top, top} <= {each for _, each in said}:
                compound = 0.0
            sound = "negative" if compound <= -0.05 else "positive" if compound >= 0.05 else None
            rows.append((f"r{number}", theme, sound or "neutral", compound, len(said), at))
    return rows


@settings(max_examples=100, deadline=None)
@given(TEXTS)
def test_finds_what_the_rule_says(texts):
    found = mentions(frame(*(". ".join([*text, ""]) for text in texts)), TAXONOMY)
    assert found.drop("feature").rows() == by_hand(texts)


@settings(max_examples=20, deadline=None)
@given(TEXTS, st.randoms(use_true_random=False))
def test_the_order_of_texts_changes_nothing(texts, random):
    whole = frame(*(". ".join([*text, ""]) for text in texts))
    order = random.sample(range(len(texts)), len(texts))
    assert mentions(whole[order], TAXONOMY).equals(mentions(whole, TAXONOMY))
