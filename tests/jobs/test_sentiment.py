import polars as pl
import pytest

from funnelkit.jobs.sentiment import LONGEST, is_read, own_sound, polarity, vader, vader_scores
from tests.stats.vectors import cases


@pytest.mark.parametrize("case", cases("vader_readme"))
def test_scores_as_its_authors_print_them(case):
    sentences = case["inputs"]["sentences"]
    scored = vader_scores(pl.Series(sentences))
    known = dict(scored.select("sentence", "compound").rows())
    assert [known[each] for each in sentences] == pytest.approx(
        case["expected"], abs=case["tolerance_abs"]
    )


def test_thresholds_are_inclusive_as_its_authors_say():
    scores = pl.DataFrame({"compound": [-1.0, -0.05, -0.0499, 0.0, 0.0499, 0.05, 1.0, None]})
    assert scores.select(polarity(pl.col("compound"))).to_series().to_list() == [
        *("negative", "negative", "neutral", "neutral", "neutral", "positive", "positive", None),
    ]


def test_every_distinct_sentence_is_scored_once():
    scored = vader_scores(pl.Series(["b good", "a bad", "b good", None]))
    assert scored.select("sentence", "polarity").rows() == [
        *(("a bad", "negative"), ("b good", "positive")),
    ]
    assert vader_scores(pl.Series([], dtype=pl.String)).height == 0


def test_batches_change_nothing(monkeypatch):
    sentences = pl.Series([f"{number} {word}" for number in range(7) for word in ("good", "bad")])
    whole = vader_scores(sentences)
    monkeypatch.setattr("funnelkit.jobs.sentiment._BATCH", 3)
    assert vader_scores(sentences).equals(whole)


def test_of_a_sentence_without_end_only_the_beginning_is_read():
    endless = "fine " * 200 + "horrible " * 10_000
    assert len("fine " * 200) == LONGEST
    scored = vader_scores(pl.Series([endless]))
    assert scored["polarity"].to_list() == ["positive"]
    assert scored["sentence"].to_list() == [endless]


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        *((None, True), ("", True), ("en", True), ("EN-gb", True), ("en_US", True)),
        *((" english ", True), ("eng", True), ("de", False), ("enm", False), ("schinese", False)),
    ],
)
def test_english_and_what_nobody_named_is_read(language, expected):
    frame = pl.DataFrame({"language": [language]}, schema={"language": pl.String})
    assert frame.select(is_read(pl.col("language"))).item() is expected


def test_words_of_a_topic_that_sound_by_themselves_are_told():
    # From the lexicon's own file: alert 1.2, horrible -2.5; export is not in it.
    assert own_sound(["Alert", "export", "horrible"]) == {"alert": 1.2, "horrible": -2.5}


def test_the_method_is_named_with_its_version():
    assert vader().name == "VADER 3.3.2"
