import numpy as np
import polars as pl
import pytest

from funnelkit.errors import FunnelkitError
from funnelkit.jobs.own_model import cross_validated, own_method

WORDS = {"negative": "slow", "neutral": "table", "positive": "neat"}


def taught(n=300):
    names = [list(WORDS)[number % 3] for number in range(n)]
    sentences = [f"the {WORDS[name]} thing {number % 7}" for number, name in enumerate(names)]
    return sentences, names, [f"r{number}" for number in range(n)]


def test_it_tells_what_it_was_taught():
    sentences, labels, _ = taught()
    method = own_method(sentences, labels)
    assert method.name == "TF-IDF and logistic regression on 300 labels"
    told = method.score(pl.Series(["so slow", "a table", "neat, neat", "so slow", None]))
    assert told.select("sentence", "polarity").rows() == [
        *(("a table", "neutral"), ("neat, neat", "positive"), ("so slow", "negative")),
    ]
    low, high = told["compound"].to_list()[2], told["compound"].to_list()[1]
    assert -1 <= low < 0 < high <= 1
    assert method.score(pl.Series([], dtype=pl.String)).schema == told.schema


def test_two_labels_are_enough_to_tell_two_apart():
    sentences, labels, _ = taught(450)
    kept = [number for number, label in enumerate(labels) if label != "neutral"]
    method = own_method([sentences[each] for each in kept], [labels[each] for each in kept])
    assert method.score(pl.Series(["slow"]))["polarity"].to_list() == ["negative"]


def test_what_is_said_of_a_sentence_was_learnt_from_the_others():
    """Every response has a word of its own, said four times, and its label is a coin's."""
    random = np.random.default_rng(1)
    coins = random.choice(["negative", "positive"], 100)
    sentences = [f"word{response} again" for response in range(100) for _ in range(4)]
    labels = np.repeat(coins, 4)
    responses = [f"r{response}" for response in range(100) for _ in range(4)]
    told = cross_validated(sentences, labels.tolist(), responses)["polarity"].to_numpy()
    assert (told == labels).mean() < 0.7
    # Split by sentence, the other three would have told: that is what must not happen.
    alone = [f"r{number}" for number in range(400)]
    leaked = cross_validated(sentences, labels.tolist(), alone)["polarity"].to_numpy()
    assert (leaked == labels).mean() > 0.95


def test_the_order_of_sentences_is_kept():
    sentences, labels, responses = taught()
    told = cross_validated(sentences, labels, responses)
    assert told["polarity"].to_list() == labels


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (["negative"] * 299, "299 labels teach too little"),
        (["negative"] * 300, "all labels are negative"),
    ],
)
def test_labels_that_teach_nothing_are_refused(labels, message):
    with pytest.raises(FunnelkitError, match=message):
        own_method(["slow"] * len(labels), labels)


def test_sentences_without_a_common_word_are_refused():
    sentences = [f"w{number}" for number in range(300)]
    with pytest.raises(FunnelkitError, match="nothing can be learnt from the labels"):
        own_method(sentences, taught()[1])


def test_without_the_extra_it_is_named(monkeypatch):
    monkeypatch.setattr("funnelkit.jobs.own_model.find_spec", lambda name: None)
    with pytest.raises(FunnelkitError) as error:
        own_method(*taught()[:2])
    assert str(error.value) == "the method `own` needs scikit-learn"
    assert "funnelkit[text]" in str(error.value.hint)
