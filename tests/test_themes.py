"""Themes of texts as a table: counted by hand on a handful of answers."""

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from funnelkit.errors import FunnelkitError
from funnelkit.results import mentions_kept
from funnelkit.results.mentions_kept import keep_mentions, read_mentions
from funnelkit.results.themes import ThemesAsked, labels_to_fill, themes_table
from funnelkit.warehouse import say_store
from funnelkit.warehouse.connect import memory

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

PLAN: dict[str, Any] = {
    "version": "2026-11",
    "features": [],
    "themes": [
        {"name": "alerts", "feature": "alerts", "topics": ["alert"]},
        {"name": "pricing", "feature": None, "topics": ["price"]},
    ],
    "labels": None,
}
BAD, GOOD = "The alert is horrible.", "Wonderful alert and price!"
ANSWERS = (
    # response, wave, source, customer, product, language, text
    ("r1", "wave_1", "nps", "a", None, None, BAD),
    ("r2", "wave_2", "nps", "a", None, None, BAD),
    ("r3", "wave_2", "nps", "a", None, "en", GOOD),
    ("r4", "wave_2", "ticket", "b", None, "fr", BAD),
    ("r5", "wave_2", "ticket", None, None, None, GOOD),
    ("r6", "wave_2", "nps", "c", None, None, "Nothing of that"),
    ("r7", "wave_2", "nps", "d", None, None, None),
    ("r8", None, "ticket", "e", None, None, BAD),
    ("r9", "wave_2", "review", None, "theirs", None, BAD),
)


@pytest.fixture
def con() -> Iterator["DuckDBPyConnection"]:
    """The marts that themes are read from, with ANSWERS."""
    con = memory()
    con.execute(
        "create table fct_feedback (response_id varchar, wave varchar, source varchar,"
        " customer_id varchar, product varchar, language varchar, text varchar, wave_no bigint)"
    )
    con.executemany(
        "insert into fct_feedback values (?, ?, ?, ?, ?, ?, ?, null)",
        [list(each) for each in ANSWERS],
    )
    con.execute("update fct_feedback set wave_no = 3 - cast(right(wave, 1) as bigint)")
    con.execute("create table dim_waves (wave_no bigint, wave varchar, reference_at timestamp)")
    # The later wave has the lower number: the time decides which is the latest.
    for number, day in ((2, 20), (1, 10)):
        con.execute(
            "insert into dim_waves values (?, ?, ?)",
            [3 - number, f"wave_{number}", dt.datetime(2026, 4, day)],
        )
    yield con
    con.close()


def told(con: "DuckDBPyConnection", **asked: Any) -> list[tuple[Any, ...]]:
    table = themes_table(con, PLAN, Path(), ThemesAsked(**asked))
    names = ("theme", "wave", "source", "texts", "mentions", "customers", "scored", "negative")
    return list(table.select((*names, "unscored", "label", "writers")).rows)


def test_themes_of_the_latest_wave_are_counted(con):
    assert told(con) == [
        ("(all)", "wave_2", None, 5, 6, 2, 5, 1, 1, "signal", 3),
        ("alerts", "wave_2", None, 5, 4, 2, 3, 1, 1, "anecdote", 3),
        ("pricing", "wave_2", None, 5, 2, 1, 2, 0, 0, "anecdote", 3),
    ]


def test_a_wave_can_be_named_and_all_texts_taken_together(con):
    assert told(con, wave="wave_1")[1] == (
        *("alerts", "wave_1", None, 1, 1, 1, 1, 1, 0, "anecdote", 1),
    )
    assert told(con, wave="all")[1] == (*("alerts", "all", None, 7, 6, 3, 5, 3, 1, "signal", 4),)
    with pytest.raises(FunnelkitError, match="no wave 'wave_3' has an answer with a text"):
        told(con, wave="wave_3")


def test_by_source_each_source_has_its_own_texts(con):
    rows = told(con, by_source=True)[3:]
    assert rows == [
        ("(all)", "wave_2", "nps", 3, 3, 1, 3, 1, 0, "anecdote", 2),
        ("alerts", "wave_2", "nps", 3, 2, 1, 2, 1, 0, "anecdote", 2),
        ("pricing", "wave_2", "nps", 3, 1, 1, 1, 0, 0, "anecdote", 2),
        ("(all)", "wave_2", "ticket", 2, 3, 1, 2, 0, 1, "anecdote", 1),
        ("alerts", "wave_2", "ticket", 2, 2, 1, 1, 0, 1, "anecdote", 1),
        ("pricing", "wave_2", "ticket", 2, 1, 0, 1, 0, 0, "anecdote", 1),
    ]


def test_notes_tell_the_method_and_what_is_not_counted(con):
    notes = "\n".join(themes_table(con, PLAN, Path(), ThemesAsked()).notes)
    for part in (
        "Taxonomy 2026-11.",
        "by VADER 3.3.2; not calibrated: on 3,708 human-rated product sentences it finds 43 %",
        "by themselves: alert (+1.2)",
        "Unscored: 1 mention",
        "wave_1 (`--wave`)",
        "1 text of no wave",
    ):
        assert part in notes


def test_without_labels_there_are_no_shares(con):
    for row in themes_table(con, PLAN, Path(), ThemesAsked()).records():
        assert row["negative_share"] is row["lo"] is row["hi"] is row["se"] is None
        assert row["customers_share"] is None  # of 3 who wrote
        assert row["calibration"] == "none"


@pytest.fixture
def many(con: "DuckDBPyConnection") -> "DuckDBPyConnection":
    """200 more mentions in wave 2, 80 of them flagged; every fourth other one is negative too."""
    con.execute(
        "insert into fct_feedback select 'm' || i, 'wave_2', 'nps', 'c' || i, null, null,"
        f" if(i < 80, '{BAD}', if(i % 4 = 0, 'The alert fires.', 'The alert, ok.')), 1"
        " from range(200) as t(i)"
    )
    return con


def labelled(con: "DuckDBPyConnection", file: Path, n: int) -> None:
    """Labels as somebody would: bad is negative, and so is an alert that fires."""
    table = labels_to_fill(con, PLAN, n)
    lines = ["response_id,sentence_no,theme,drawn_wave,drawn_theme,label"]
    for row in table.records():
        bad = row["text"] in (BAD, "The alert fires.")
        cells = [row[name] for name in ("response_id", "sentence_no", "theme", "drawn_wave")]
        lines.append(",".join(map(str, [*cells, "", "negative" if bad else "neutral"])))
    file.write_text("\n".join(lines) + "\n")


def test_labels_of_all_sentences_give_the_share_that_they_are(many, tmp_path):
    labelled(many, tmp_path / "l.csv", 1000)
    plan = {**PLAN, "labels": "l.csv"}
    row = themes_table(many, plan, tmp_path, ThemesAsked()).records()[1]
    # 80 and r2 are flagged; of the others i = 80, 84, ..., 196 are 30: 111 of 203.
    assert (row["theme"], row["scored"], row["negative"]) == ("alerts", 203, 81)
    assert row["negative_share"] == pytest.approx(111 / 203, abs=1e-6)
    assert (row["se"], row["sp"]) == pytest.approx((81 / 111, 1.0), abs=1e-6)
    assert (row["labels"], row["calibration"]) == (203, "post-stratified")
    lo, hi = (float(str(row[name])) for name in ("lo", "hi"))
    assert lo < 111 / 203 < hi


def test_a_file_that_is_given_comes_before_the_declared_one(many, tmp_path):
    labelled(many, tmp_path / "few.csv", 20)
    plan = {**PLAN, "labels": "none.csv"}
    with pytest.raises(FunnelkitError, match="20 labels are too few"):
        themes_table(many, plan, tmp_path, ThemesAsked(labels=str(tmp_path / "few.csv")))
    with pytest.raises(FunnelkitError, match=r"cannot read none\.csv"):
        themes_table(many, plan, tmp_path, ThemesAsked())


def test_few_declared_labels_are_no_error_and_no_share(many, tmp_path):
    labelled(many, tmp_path / "few.csv", 20)
    row = themes_table(many, {**PLAN, "labels": "few.csv"}, tmp_path, ThemesAsked()).records()[0]
    assert row["negative_share"] is None
    assert row["calibration"] == "none: 20 labels drawn from it, 20 in all"


def test_the_own_method_wants_labels(many, tmp_path):
    with pytest.raises(FunnelkitError, match="0 labels teach too little"):
        themes_table(many, PLAN, tmp_path, ThemesAsked(method="own"))


def test_only_one_themes_sentences_are_drawn_where_it_is_named(con):
    rows = labels_to_fill(con, PLAN, 100, theme="pricing").records()
    assert [(row["response_id"], row["theme"], row["drawn_theme"]) for row in rows] == [
        *(("r3", "pricing", "pricing"), ("r5", "pricing", "pricing")),
    ]
    with pytest.raises(FunnelkitError, match="no theme is called 'price'"):
        labels_to_fill(con, PLAN, 100, theme="price")


def test_without_themes_or_texts_it_is_told(con):
    with pytest.raises(FunnelkitError, match="no themes are declared"):
        themes_table(con, {**PLAN, "themes": []}, Path(), ThemesAsked())
    con.execute("delete from fct_feedback")
    with pytest.raises(FunnelkitError, match="there are no texts"):
        themes_table(con, PLAN, Path(), ThemesAsked())


# --- kept from the build -----------------------------------------------------------------------


def test_mentions_are_found_once_and_read_afterwards(con, monkeypatch):
    keep_mentions(con, PLAN)
    kept = read_mentions(con, PLAN)
    con.execute("delete from say_do.mentions where theme = 'pricing'")
    assert read_mentions(con, PLAN).height == kept.height - 2  # it was read, not found anew
    keep_mentions(con, PLAN)
    assert read_mentions(con, PLAN).height == kept.height - 2
    con.execute("drop schema say_do cascade")
    assert read_mentions(con, PLAN).equals(kept)


@pytest.mark.parametrize(
    "change",
    [
        "update fct_feedback set text = text || ' ' where response_id = 'r1'",
        "update fct_feedback set language = 'de' where response_id = 'r1'",
        "delete from fct_feedback where response_id = 'r1'",
    ],
)
def test_other_texts_are_read_anew(con, change):
    keep_mentions(con, PLAN)
    con.execute("delete from say_do.mentions")
    con.execute(change)
    assert read_mentions(con, PLAN).height > 0


def test_another_taxonomy_or_method_is_read_anew_but_not_its_version(con, monkeypatch):
    keep_mentions(con, PLAN)
    con.execute("delete from say_do.mentions")
    assert read_mentions(con, {**PLAN, "version": "next"}).is_empty()
    assert read_mentions(con, {**PLAN, "themes": PLAN["themes"][:1]}).height > 0
    monkeypatch.setattr(mentions_kept, "__version__", "next")
    assert read_mentions(con, PLAN).height > 0


def test_without_themes_nothing_is_kept(con):
    keep_mentions(con, PLAN)
    keep_mentions(con, {**PLAN, "themes": []})
    assert (
        con.execute(
            "select 1 from information_schema.tables where table_schema = 'say_do'"
        ).fetchall()
        == []
    )


def test_nobodys_words_are_kept(con):
    keep_mentions(con, PLAN)
    names = [row[0] for row in con.execute("describe say_do.mentions").fetchall()]
    assert names == [
        *("response_id", "theme", "feature", "polarity", "compound", "sentences", "sentence_no"),
    ]
    assert say_store.kept(con, "another") is None
