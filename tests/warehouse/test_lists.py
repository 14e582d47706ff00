"""Private lists: what of a file is an id, and what stands in the warehouse afterwards."""

from pathlib import Path

import duckdb
import pytest

from funnelkit.errors import FunnelkitError
from funnelkit.project.read import Source, read
from funnelkit.warehouse.connect import memory
from funnelkit.warehouse.lists import read_lists, write_lists

DEFINITIONS = """\
vars:
  funnelkit:
    quality:
      exclude:
        - {name: bots, events: "event_name = 'crawl'"}
        - name: test users
          list: private/ids.txt
"""


@pytest.fixture
def source(tmp_path: Path) -> Source:
    (tmp_path / "dbt_project.yml").write_text(DEFINITIONS, encoding="utf-8")
    (tmp_path / "private").mkdir()
    return read(tmp_path)


def test_an_id_a_line_without_blanks_and_remarks(source: Source, tmp_path: Path) -> None:
    text = "\ufeff# ours\n\n  jane \r\n\tjim\n#jane\n a#b \n'; drop table raw.lists; --\njane\nümit"
    (tmp_path / "private/ids.txt").write_bytes(text.encode())
    assert read_lists(source, tmp_path) == {
        "test users": ["jane", "jim", "a#b", "'; drop table raw.lists; --", "ümit"]
    }


def test_a_list_of_remarks_is_empty(source: Source, tmp_path: Path) -> None:
    (tmp_path / "private/ids.txt").write_text("# nobody yet\n", encoding="utf-8")
    assert read_lists(source, tmp_path) == {"test users": []}


def told(source: Source, root: Path) -> str:
    with pytest.raises(FunnelkitError) as caught:
        read_lists(source, root)
    return caught.value.message


def test_a_list_that_is_not_there_is_told_at_its_rule(source: Source, tmp_path: Path) -> None:
    place = "dbt_project.yml:7: quality.exclude[1].list: "
    assert told(source, tmp_path) == f"{place}there is no file private/ids.txt"
    (tmp_path / "private/ids.txt").mkdir()
    assert told(source, tmp_path) == f"{place}private/ids.txt is a folder"


def test_what_is_not_utf_8_is_told_with_its_line(source: Source, tmp_path: Path) -> None:
    (tmp_path / "private/ids.txt").write_bytes(b"jane\n\xfcmit\n")
    assert told(source, tmp_path) == "private/ids.txt:2: not UTF-8"


def test_the_table_becomes_the_lists() -> None:
    with memory() as con:
        write_lists(con, {"a": ["x", "y'"], "it's b": ["x"]})
        listed = "select list, id from raw.lists order by all"
        assert con.execute(listed).fetchall() == [("a", "x"), ("a", "y'"), ("it's b", "x")]
        write_lists(con, {"a": ["z"]})
        assert con.execute(listed).fetchall() == [("a", "z")]
        write_lists(con, {})
        assert con.execute(listed).fetchall() == []


def test_without_lists_nothing_is_made() -> None:
    with memory() as con:
        write_lists(con, {"a": []})
        made = con.execute("select count(*) from duckdb_tables()").fetchall()
        assert made == [(0,)]


def test_equal_lists_are_not_written_again() -> None:
    with memory() as con:
        write_lists(con, {"a": ["x", "y"]})
        con.execute("update raw.lists set id = id")  # a row's number tells which rows are new
        before = con.execute("select rowid, id from raw.lists order by id").fetchall()
        write_lists(con, {"a": ["y", "x"]})
        assert con.execute("select rowid, id from raw.lists order by id").fetchall() == before
        write_lists(con, {"a": ["y", "x", "w"]})
        assert len(con.execute("from raw.lists").fetchall()) == 3


def test_a_list_that_cannot_be_written_leaves_the_old_one() -> None:
    with memory() as con:
        con.execute("create schema raw")
        con.execute("create table raw.lists (list varchar, id varchar check (id <> 'bad'))")
        write_lists(con, {"a": ["x"]})
        with pytest.raises(duckdb.ConstraintException):
            write_lists(con, {"a": ["y", "bad"]})
        assert con.execute("select id from raw.lists").fetchall() == [("x",)]
        write_lists(con, {"a": ["y"]})  # and nothing of the failed one is in the way
        assert con.execute("select id from raw.lists").fetchall() == [("y",)]
