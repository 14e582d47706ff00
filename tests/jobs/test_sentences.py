import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from funnelkit.jobs.sentences import sentences


def frame(*texts):
    ids = [f"r{number}" for number in range(len(texts))]
    schema = {"response_id": pl.String, "text": pl.String, "language": pl.String}
    rows = [(name, text, None) for name, text in zip(ids, texts, strict=True)]
    return pl.DataFrame(rows, schema=schema, orient="row")


def split(text):
    return sentences(frame(text))["sentence"].to_list()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("One. Two! Three? Four", ["One.", "Two!", "Three?", "Four"]),
        ("Version 2.5 of app.example is fine", ["Version 2.5 of app.example is fine"]),
        ("Well... it works", ["Well...", "it works"]),
        ("Really?! Yes.", ["Really?!", "Yes."]),
        ('He said "no." Then he left.', ['He said "no."', "Then he left."]),
        ("(It broke.) We left.", ["(It broke.)", "We left."]),
        ("Exports, e.g. to PDF, fail. I wait.", ["Exports, e.g. to PDF, fail.", "I wait."]),
        ("Mr. Smith vs. Dr. Who", ["Mr. Smith vs. Dr. Who"]),
        ("PDF, CSV, etc.\nSlow", ["PDF, CSV, etc.", "Slow"]),  # a line end is one all the same
        ("a\r\n\r\nb\u2028c", ["a", "b", "c"]),
        ("太慢了。但是有用！好", ["太慢了。", "但是有用！", "好"]),
        ("  spaced  .  ", ["spaced  ."]),
        ("cut \x1f here", ["cut   here"]),
        ("", []),
        (" \n ", []),
        (None, []),
    ],
)
def test_where_a_sentence_ends(text, expected):
    assert split(text) == expected


def test_sentences_are_numbered_within_a_text_whatever_the_order_of_texts():
    texts = frame("A. B.", "C", "", "D. E. F.")
    found = sentences(texts)
    assert found.select("response_id", "sentence_no").rows() == [
        *(("r0", 1), ("r0", 2), ("r1", 1), ("r3", 1), ("r3", 2), ("r3", 3)),
    ]
    assert sentences(texts.reverse()).equals(found)


def by_hand(text):
    """The rule again, a character at a time."""
    found, sentence, at = [], "", 0
    while at < len(text):
        character = text[at]
        sentence += character
        at += 1
        ends = character == "\n"
        if character in ".!?":
            while at < len(text) and text[at] in ".!?":
                sentence += text[at]
                at += 1
            while at < len(text) and text[at] in "\"')]":
                sentence += text[at]
                at += 1
            ends = at < len(text) and text[at] == " "
        if ends:
            found.append(sentence.strip())
            sentence = ""
    return [each for each in [*found, sentence.strip()] if each]


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet='xY2 .!?\n")', max_size=30))
def test_splits_as_the_rule_says(text):
    assert split(text) == by_hand(text)
