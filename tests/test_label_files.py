"""Labels come back from a spreadsheet: whatever is not right is told with file and line."""

from pathlib import Path

import polars as pl
import pytest

from funnelkit.errors import FunnelkitError
from funnelkit.jobs.mentions import mentions
from funnelkit.jobs.sentiment import vader
from funnelkit.jobs.themes import Taxonomy, Theme
from funnelkit.results.label_files import LabelFile, read_labels
from funnelkit.results.labels import against_method, known_labels, to_label
from funnelkit.table import to_csv

HEADER = "response_id,sentence_no,theme,drawn_wave,drawn_theme,text,label"
TAXONOMY = Taxonomy(None, (Theme("alerts", "alerts", ("alert",)),))
TEXTS = pl.DataFrame(
    {
        "response_id": ["r1", "r2", "r3", "r4"],
        "text": [
            "Hello. The alerts are horrible.",
            "=1+1 alert, I love it",
            "An alert",
            "Alerte horrible alert",
        ],
        "language": [None, "en", "en", "fr"],
    },
    schema={"response_id": pl.String, "text": pl.String, "language": pl.String},
)


@pytest.fixture
def read(tmp_path: Path):
    def write_and_read(text: str) -> LabelFile:
        (tmp_path / "l.csv").write_bytes(text.encode())
        return read_labels(tmp_path / "l.csv", "l.csv")

    return write_and_read


@pytest.fixture
def found() -> pl.DataFrame:
    return mentions(TEXTS, TAXONOMY)


def test_labels_are_read_whatever_a_spreadsheet_makes_of_the_file(read):
    expected = ("r1", 2, "alerts", "all", "", "The alerts are horrible.", "negative")
    row = 'r1,2,alerts,all,,The alerts are horrible.," Negative "'
    plain = read(f"{HEADER}\n{row}\nr2,1,alerts,all,,,\n")
    assert plain.rows.drop("line").rows() == [expected]
    assert (plain.is_own, plain.empty) == (True, 1)
    windows = read("\ufeff" + f"{HEADER}\n{row}\n".replace(",", ";").replace("\n", "\r\n"))
    assert windows.rows.equals(plain.rows)


def test_texts_and_labels_from_elsewhere_need_no_more(read):
    file = read('label,text,note\nneutral,"two\nlines",x\npositive,good,\n')
    assert not file.is_own
    assert file.rows.select("line", "text", "label").rows() == [
        *((2, "two\nlines", "neutral"), (4, "good", "positive")),
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f"{HEADER}\nr1,2,alerts,all,,x,bad\n", "l.csv, line 2: label 'bad'"),
        ('text,label\n"a\nb",neutral\nc,-1\n', "l.csv, line 4: label '-1'"),
        (f"{HEADER}\nr1,two,alerts,all,,x,neutral\n", "l.csv, line 2: sentence_no 'two'"),
        (f"{HEADER}\nr1,2,alerts,all,,x,neutral,9\n", "l.csv, line 2: more cells than the header"),
        ("text,label\n,neutral\n", "l.csv, line 2: a label without a text"),
        (
            f"{HEADER}\nr1,2,alerts,all,,x,neutral\nr1,2,alerts,all,,x,positive\n",
            "l.csv, line 3: sentence of r1 is there twice",
        ),
        ("text,label\ngood,\n", "l.csv has no label"),
        ("text,stars\ngood,5\n", "l.csv: columns are text, stars"),
        ("", "l.csv: columns are none"),
        (f"{HEADER}\nr1,{'9' * 24},alerts,all,,x,neutral\n", "l.csv, line 2: sentence_no '999"),
        ("text,label,label\na,neutral,positive\n", "l.csv: column 'label' is there twice"),
        ('text,label\n"good,neutral\n', "l.csv, line 2: unexpected end of data"),
        ('"text,label\n', "l.csv, line 1: unexpected end of data"),
    ],
)
def test_what_is_not_right_is_told_with_its_line(read, text, message):
    with pytest.raises(FunnelkitError) as error:
        read(text)
    assert str(error.value).startswith(message)


def test_a_text_may_be_long(read):
    assert (
        read(f"text,label\n{'a ' * 100_000},neutral\n").rows["text"].to_list()[0].count("a")
        == 100_000
    )


def test_a_file_that_cannot_be_read_is_told(tmp_path):
    with pytest.raises(FunnelkitError, match=r"cannot read none\.csv"):
        read_labels(tmp_path / "none.csv", "none.csv")
    (tmp_path / "latin.csv").write_bytes("text,label\nschön,neutral\n".encode("latin-1"))
    with pytest.raises(FunnelkitError, match=r"latin\.csv is not UTF-8"):
        read_labels(tmp_path / "latin.csv", "latin.csv")


def test_what_was_written_to_be_labelled_comes_back_as_it_was(read, found):
    table = to_label(found, TEXTS, 10, ("wave_1", None))
    assert [row[:7] for row in table.rows] == [
        ("r1", 2, "alerts", "negative", 1, "wave_1", None),
        ("r2", 1, "alerts", "not negative", 2, "wave_1", None),
        ("r3", 1, "alerts", "not negative", 2, "wave_1", None),
    ]
    filled = to_csv(table).replace(",\n", ",positive\n")
    known = known_labels(read(filled), TEXTS, strict=True)
    assert known.own.rows() == [
        ("r1", "alerts", 2, "wave_1", "", "The alerts are horrible.", "positive"),
        ("r2", "alerts", 1, "wave_1", "", "=1+1 alert, I love it", "positive"),
        ("r3", "alerts", 1, "wave_1", "", "An alert", "positive"),
    ]
    labels = against_method(known, vader(), found)
    assert labels.own["flagged"].to_list() == [True, False, False]
    assert not labels.own["negative"].any()


@pytest.mark.parametrize(
    "row",
    [
        "r9,1,alerts,all,,,neutral",  # nobody's
        "r1,3,alerts,all,,,neutral",  # it has two sentences
        "r1,2,alerts,all,,The alerts are fine.,neutral",  # another text
    ],
)
def test_a_label_of_nothing_that_is_there_is_told_or_left_out(read, row):
    file = read(f"{HEADER}\nr3,1,alerts,all,,An alert,positive\n{row}\n")
    with pytest.raises(FunnelkitError, match=r"l\.csv, line 3: no such sentence"):
        known_labels(file, TEXTS, strict=True)
    known = known_labels(file, TEXTS, strict=False)
    assert (known.own.height, known.left_out) == (1, 1)


def test_a_label_on_what_is_no_theme_any_more_decides_nothing(read, found):
    file = read(f"{HEADER}\nr3,1,gone,all,,An alert,positive\n")
    known = known_labels(file, TEXTS, strict=True)
    assert against_method(known, vader(), found).own.is_empty()


def test_labels_from_elsewhere_are_read_by_the_same_method(read, found):
    file = read("text,label\nhorrible,negative\nhorrible,positive\ngreat,positive\n")
    known = known_labels(file, TEXTS, strict=True)
    table = against_method(known, vader(), found).all.table
    assert table == (1, 1, 0, 1)  # flagged and negative, flagged and not, passed and negative, not


def test_nothing_scored_is_nothing_to_label():
    with pytest.raises(FunnelkitError, match="no sentence of these figures has a polarity"):
        to_label(mentions(TEXTS[3:], TAXONOMY), TEXTS, 5, ("all", None))
