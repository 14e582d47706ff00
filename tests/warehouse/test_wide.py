"""Wide surveys: a row per respondent, a column per question, become a row per answer."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from funnelkit.errors import FunnelkitError
from funnelkit.project.say import Question
from funnelkit.warehouse import raw
from funnelkit.warehouse.connect import memory
from funnelkit.warehouse.load import load
from funnelkit.warehouse.wide import KINDS, Asked, parse_questions

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

ANSWER = "response_id, user_id, source, submitted_at, question, kind, feature, score, text"
DECLARED: list[dict[str, Any]] = [
    {"name": "q_alerts", "kind": "rating5", "feature": "alerts", "columns": ["How are alerts?"]},
    {"name": "why", "kind": "text", "feature": None, "columns": ["Why?", "And why?"]},
    {"name": "uses", "kind": "choice", "feature": None, "columns": ["Mail", "Phone"]},
    {"name": "hours", "kind": "amount", "feature": None, "columns": []},
]
ASKED = parse_questions([], DECLARED)
HEAD = "id,who,When,How are alerts?,Why?,Mail,Phone,email\n"
MAP = {"response_id": "id", "user_id": "who", "submitted_at": "When"}


def _file(folder: Path, rows: str, name: str = "s.csv", head: str = HEAD) -> Path:
    path = folder / name
    path.write_text(head + rows, encoding="utf-8")
    return path


def _load(
    con: "DuckDBPyConnection",
    path: Path,
    asked: Sequence[Asked] = ASKED,
    mapping: Mapping[str, str] | None = None,
    **options: Any,
) -> Any:
    mapping = MAP if mapping is None else mapping
    return load(con, "feedback", [path], root=path.parent, mapping=mapping, asked=asked, **options)


def _rows(con: "DuckDBPyConnection", columns: str = ANSWER) -> list[tuple[Any, ...]]:
    return con.execute(
        f"select {columns} from raw.feedback order by source_file, source_line, question"
    ).fetchall()


def test_each_filled_cell_of_a_question_is_an_answer(
    con: "DuckDBPyConnection", tmp_path: Path
) -> None:
    path = _file(
        tmp_path,
        'r1,u1,2026-04-01 08:00,4,"good, really",Mail,Phone,a@example.com\n'
        "r2,u2,2026-04-02,,,,Phone,b@example.com\n"
        "r3,,2026-04-03,many,,,,\n"
        "r4,u4,2026-04-04,,,,,\n",
    )
    result = _load(con, path)
    survey = "survey"
    first, second, third = (
        f"2026-04-0{day} 0{hour}:00:00Z" for day, hour in ((1, 8), (2, 0), (3, 0))
    )
    assert _rows(con) == [
        ("r1:q_alerts", "u1", survey, first, "q_alerts", "rating5", "alerts", "4", None),
        ("r1:uses", "u1", survey, first, "uses", "choice", None, None, "Mail; Phone"),
        ("r1:why", "u1", survey, first, "why", "text", None, None, "good, really"),
        ("r2:uses", "u2", survey, second, "uses", "choice", None, None, "Phone"),
        # what is no number stays as told: the build rejects it with the reason
        ("r3:q_alerts", None, survey, third, "q_alerts", "rating5", "alerts", "many", None),
    ]
    assert _rows(con, "source_line") == [(2,), (2,), (2,), (3,), (4,)]
    (file,) = result.files
    assert (file.rows, file.ignored) == (5, ("email",))


def test_of_several_headings_the_first_that_is_filled_counts(
    con: "DuckDBPyConnection", tmp_path: Path
) -> None:
    path = _file(
        tmp_path,
        "u1,2026-04-01,,new\nu2,2026-04-01,old,new\n",
        head="user_id,submitted_at,Why?,And why?\n",
    )
    _load(con, path, mapping={})
    assert _rows(con, "user_id, text") == [("u1", "new"), ("u2", "old")]


@pytest.mark.parametrize("name", ["HOW ARE  ALERTS", "How are alerts?", "how-are-alerts"])
def test_headings_match_but_for_case_blanks_and_punctuation(
    con: "DuckDBPyConnection", tmp_path: Path, name: str
) -> None:
    path = _file(tmp_path, "u1,2026-04-01,3\n", head=f"user_id,submitted_at,{name}\n")
    _load(con, path, mapping={})
    assert _rows(con, "question, score") == [("q_alerts", "3")]


def test_a_long_file_stays_long_though_it_has_a_declared_heading(
    con: "DuckDBPyConnection", tmp_path: Path
) -> None:
    head = "user_id,submitted_at,question,score,Why?\n"
    result = _load(con, _file(tmp_path, "u1,2026-04-01,nps,9,x\n", head=head), mapping={})
    assert _rows(con, "question, score, text") == [("nps", "9", None)]
    assert result.files[0].ignored == ("Why?",)


def test_rows_without_an_id_are_known_by_what_they_answer(
    con: "DuckDBPyConnection", tmp_path: Path
) -> None:
    """Overlapping exports hold the same answers; two of one day that differ are two."""
    head = "user_id,submitted_at,How are alerts?,Why?\n"
    _load(
        con,
        _file(tmp_path, "u1,2026-04-01,3,x\nu1,2026-04-01,4,x\n,2026-04-01,3,\n", head=head),
        mapping={},
    )
    _load(con, _file(tmp_path, "u1,2026-04-01,3,x\n,2026-04-01,3,\n", "t.csv", head), mapping={})
    ids = con.execute(
        "select user_id, score, count(distinct response_id) from raw.feedback"
        " where question = 'q_alerts' group by all order by all"
    ).fetchall()
    assert ids == [("u1", "3", 1), ("u1", "4", 1), (None, "3", 2)]
    assert len({one for (one,) in _rows(con, "response_id") if "q_alerts" in one}) == 4
    assert all(
        one.endswith(":q_alerts") for (one,) in _rows(con, "response_id") if ":why" not in one
    )


def test_the_same_questions_are_loaded_once_and_new_ones_later(
    con: "DuckDBPyConnection", tmp_path: Path
) -> None:
    path = _file(tmp_path, "r1,u1,2026-04-01,4,good,,,\n")
    _load(con, path, ASKED[:1])
    assert _load(con, path, ASKED[:1]).skipped == 1
    assert _load(con, path).rows == 1
    assert _load(con, path).skipped == 1
    assert _rows(con, "response_id") == [("r1:q_alerts",), ("r1:why",)]
    other = [Asked("why", "text", None, ("email",), given=True)]
    with pytest.raises(FunnelkitError, match=r"'why' of s\.csv was loaded before from another"):
        _load(con, path, other)
    with pytest.raises(FunnelkitError, match="was loaded before with another mapping"):
        _load(con, path, mapping={**MAP, "user_id": "email"})
    assert len(_rows(con)) == 2


def test_a_line_that_cannot_be_read_is_a_reject_and_lines_stay_right(
    con: "DuckDBPyConnection", tmp_path: Path
) -> None:
    path = _file(
        tmp_path, "r1,u1,2026-04-01,4,,,,\nr2,too,many,1,2,3,4,5,6\nr3,u3,2026-04-03,2,y,,,\n"
    )
    assert _load(con, path).rejected == 1
    assert _rows(con, "response_id, source_line") == [
        ("r1:q_alerts", 2), ("r3:q_alerts", 4), ("r3:why", 4),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("head", "mapping", "message", "hint"),
    [
        ("who,When,How are alertz?\n", {"user_id": "who", "submitted_at": "When"},
         "no column of a question", "did you mean"),
        ("who,When,How are alerts?\n", {"user_id": "who"},
         "no column submitted_at", "submitted_at="),
        ("who,When,How are alerts?\n", {"submitted_at": "When", "kind": "'nps'"},
         "the questions say the kind of each answer", "leave it out"),
        ("who,When,How are alerts?\n", {"submitted_at": "Wen"},
         "no column 'Wen'", "did you mean 'When'"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_an_error_that_says_what_there_is(
    con: "DuckDBPyConnection",
    tmp_path: Path,
    head: str,
    mapping: dict[str, str],
    message: str,
    hint: str,
) -> None:
    path = _file(tmp_path, "u1,2026-04-01,3\n", head=head)
    with pytest.raises(FunnelkitError, match=message) as error:
        _load(con, path, mapping=mapping)
    assert hint in (error.value.hint or "")
    assert not con.execute(
        "select 1 from information_schema.tables where table_name like 'fk_%'"
    ).fetchall()


def test_times_that_are_none_are_told_as_in_long_files(
    con: "DuckDBPyConnection", tmp_path: Path
) -> None:
    path = _file(tmp_path, "r1,u1,03/29/2026,4,,,,\n")
    with pytest.raises(FunnelkitError, match="'03/29/2026' is not a time"):
        _load(con, path)
    _load(con, path, time_format="%m/%d/%Y")
    assert _rows(con, "submitted_at") == [("2026-03-29 00:00:00Z",)]


def test_kinds_are_those_that_can_be_declared() -> None:
    assert set(KINDS) == set(get_args(Question.model_fields["kind"].annotation))


# --question


def test_questions_on_the_command_line_decide_over_declared_ones() -> None:
    found = parse_questions(["q_alerts=A = b", "nps=N", "fit:ces=F", "fit:ces=G"], DECLARED)
    assert [each for each in found if each.given] == [
        Asked("q_alerts", "rating5", "alerts", ("A = b",), given=True),
        Asked("nps", "nps", None, ("N",), given=True),
        Asked("fit", "ces", None, ("F", "G"), given=True),
    ]
    assert [each.question for each in found if not each.given] == ["why", "uses"]


@pytest.mark.parametrize(
    ("item", "message", "hint"),
    [
        ("nps", "expected ID=COLUMN", "example"),
        ("=x", "expected ID=COLUMN", "example"),
        ("q_alert=x", "no question 'q_alert' is declared", "did you mean 'q_alerts'"),
        ("other=x", "no question 'other' is declared", "other:rating5="),
        ("fit:cess=x", "no kind is called 'cess'", "did you mean 'ces'"),
    ],
)
def test_questions_that_say_too_little(item: str, message: str, hint: str) -> None:
    with pytest.raises(FunnelkitError, match=message) as error:
        parse_questions([item], DECLARED)
    assert hint in (error.value.hint or "")


def test_a_given_column_must_be_in_one_of_the_files(
    con: "DuckDBPyConnection", tmp_path: Path
) -> None:
    first = _file(tmp_path, "r1,u1,2026-04-01,4,good,,,\n")
    second = _file(tmp_path, "r2,u1,2026-04-01,9\n", "t.csv", "id,who,When,Recommend?\n")
    asked = parse_questions(["nps=Recommend?"], DECLARED)
    load(con, "feedback", [first, second], root=tmp_path, mapping=MAP, asked=asked)
    assert ("r2:nps", "9") in _rows(con, "response_id, score")
    third = _file(tmp_path, "r3,u1,2026-04-01,4,good,,,\n", "u.csv")
    with pytest.raises(FunnelkitError, match=r"no file has a column 'Recommend\?'"):
        load(con, "feedback", [third], root=tmp_path, mapping=MAP, asked=asked)


def test_a_given_column_makes_a_file_wide_whatever_else_it_has(
    con: "DuckDBPyConnection", tmp_path: Path
) -> None:
    path = _file(tmp_path, "u1,2026-04-01,9,x\n", head="user_id,submitted_at,score,text\n")
    _load(con, path, parse_questions(["nps=score"], []), mapping={})
    assert _rows(con, "question, kind, score, text") == [("nps", "nps", "9", None)]


# Old warehouses


def test_a_warehouse_from_before_gets_the_columns_that_are_new(con: "DuckDBPyConnection") -> None:
    con.execute("create schema raw")
    old = [name for name in raw.TARGETS["feedback"] if name != "product"]
    fields = ", ".join(f"{name} varchar" for name in old)
    origin = "source_file varchar, source_line bigint, load_no bigint"
    con.execute(f"create table raw.feedback ({fields}, {origin})")
    con.execute("insert into raw.feedback (response_id, source_file) values ('r1', 'f.csv')")
    raw.ensure(con)
    raw.ensure(con)
    assert con.execute("select response_id, product from raw.feedback").fetchall() == [("r1", None)]


def test_reviews_keep_their_product(con: "DuckDBPyConnection", tmp_path: Path) -> None:
    path = _file(
        tmp_path, "2026-04-01,review,ours,4,fine\n", head="submitted_at,source,product,score,text\n"
    )
    load(con, "feedback", [path], root=tmp_path)
    assert _rows(con, "product, score, text") == [("ours", "4", "fine")]


# Against a plain reading of the same rows

cells = st.sampled_from(["", "1", "5", "x, y", 'say "so"', "über", "-"])
times = st.sampled_from(["2026-04-01", "2026-04-02 10:00", ""])
table = st.lists(
    st.tuples(st.sampled_from(["", "u1", "u2"]), times, cells, cells, cells, cells),
    min_size=1,
    max_size=8,
)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(rows=table, format_=st.sampled_from(["csv", "jsonl"]))
def test_nothing_is_lost_and_nothing_is_added(
    tmp_path: Path, rows: list[tuple[str, ...]], format_: str
) -> None:
    import csv

    names = ("user_id", "submitted_at", "How are alerts?", "Why?", "Mail", "Phone")
    path = tmp_path / f"any.{format_}"
    with path.open("w", encoding="utf-8", newline="") as out:
        if format_ == "csv":
            csv.writer(out).writerows([names, *rows])
        else:
            out.writelines(json.dumps(dict(zip(names, row, strict=True))) + "\n" for row in rows)
    expected = []
    for user, _, rating, why, mail, phone in rows:
        ticked = "; ".join(filter(None, (mail, phone)))
        answers = (("q_alerts", rating, ""), ("why", "", why), ("uses", "", ticked))
        expected += [(user or None, q, s or None, t or None) for q, s, t in answers if s or t]
    with memory() as con:
        _load(con, path, mapping={})
        found = con.execute("select user_id, question, score, text from raw.feedback").fetchall()
        ids = con.execute("select count(distinct response_id) from raw.feedback").fetchall()
    assert sorted(found, key=str) == sorted(expected, key=str)
    assert ids[0][0] <= len(expected)
