"""Answers that say nothing are told, each for its own reason; those that say something are not."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from funnelkit.warehouse.doctor import answers
from funnelkit.warehouse.doctor.check import Check

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

DECLARED: dict[str, Any] = {
    "features": {"alerts": {"events": "x"}},
    "feedback": {"questions": {"q_alerts": {"kind": "rating5"}, "nps": {"kind": "nps"}}},
}
FINE = [("q_alerts", "rating5", "alerts", None), ("nps", "nps", None, None)]


@pytest.fixture
def built(con: "DuckDBPyConnection") -> "DuckDBPyConnection":
    con.execute(
        "create table fct_feedback (question varchar, kind varchar, feature varchar,"
        " problem varchar); create table dim_waves (wave_no bigint, wave varchar, answers bigint)"
    )
    return con


def _found(
    con: "DuckDBPyConnection", rows: list[tuple[Any, ...]], declared: dict[str, Any] | None = None
) -> list[Check]:
    con.executemany("insert into fct_feedback values (?, ?, ?, ?)", rows)
    return list(answers.answers(con, DECLARED if declared is None else declared))


def test_answers_as_declared_are_fine(built: "DuckDBPyConnection") -> None:
    assert _found(built, [*FINE, (None, "text", None, None)]) == []


def test_scores_off_their_scale(built: "DuckDBPyConnection") -> None:
    wrong = ("nps", "nps", None, "score 11 outside 0 to 10")
    (found,) = _found(built, [*FINE, wrong, wrong, FINE[1]])
    assert found.found == (
        "2 answers of 4 (50 %) outside the scale, like score 11 outside 0 to 10 of nps: they have"
        " no opinion"
    )
    assert found.hint == "the scale of nps is fixed: is it a question of another kind?"
    effort = ("ces", "ces", None, "score 9 outside 1 to 7")
    declared = {"feedback": {"questions": {"ces": {"kind": "ces"}}}}
    built.execute("delete from fct_feedback")
    (found,) = _found(built, [effort], declared)
    assert found.hint == "`feedback: questions: ces: {scale: [lo, hi]}`"


@pytest.mark.parametrize(
    ("name", "hint"), [("q_alert", "did you mean 'q_alerts'?"), ("zebra", "declare them under")]
)
def test_questions_that_are_not_declared(built: "DuckDBPyConnection", name: str, hint: str) -> None:
    (found,) = _found(built, [*FINE, (name, "rating5", None, None)])
    assert found.found == f"answers to questions that are not declared: {name} 1"
    assert str(found.hint).startswith(hint)


def test_without_declared_questions_only_those_of_no_kind_are_told(
    built: "DuckDBPyConnection",
) -> None:
    (found,) = _found(built, [("nps", "nps", None, None), ("what", None, None, None)], {})
    assert found.found == "answers to questions that are not declared: what 1"


def test_declared_questions_that_nobody_answered(built: "DuckDBPyConnection") -> None:
    (found,) = _found(built, FINE[:1])
    assert found.found == "questions without an answer: nps"


def test_features_that_are_not_declared(built: "DuckDBPyConnection") -> None:
    (found,) = _found(built, [*FINE, ("nps", "nps", "alert", None)])
    assert found == Check(
        "feedback", "warn", "answers about features that are not declared: alert 1",
        "did you mean 'alerts'?",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "hint"),
    [("intervew", "did you mean 'interview'?"), ("zebra", "known: survey, nps, ticket, review")],
)
def test_sources_that_nothing_reads(con: "DuckDBPyConnection", name: str, hint: str) -> None:
    con.execute("create table fct_feedback (source varchar); create table dim_waves (wave bigint)")
    con.executemany(
        "insert into fct_feedback values (?)", [[each] for each in (*answers.SOURCES, None)]
    )
    assert list(answers.sources(con)) == []
    con.executemany("insert into fct_feedback values (?)", [[name], [name]])
    (found,) = answers.sources(con)
    assert found.found == f"answers of sources that nothing reads: {name} 2"
    assert str(found.hint).startswith(hint)


def test_no_feedback_at_all_is_fine(built: "DuckDBPyConnection") -> None:
    assert _found_nothing(built) == []


def _found_nothing(con: "DuckDBPyConnection") -> list[Check]:
    return list(answers.answers(con, DECLARED))


def test_waves_without_answers(built: "DuckDBPyConnection") -> None:
    built.execute("insert into dim_waves values (1, 'spring', 40), (2, 'summer', 0)")
    (found,) = answers.waves(built)
    assert (found.state, found.found) == ("warn", "waves without an answer: summer")
    built.execute("delete from dim_waves where answers = 0")
    assert list(answers.waves(built)) == [Check("waves", "ok", "1 wave with answers")]


def test_a_file_of_labels_must_be_there(tmp_path: Path) -> None:
    declared = {"feedback": {"labels": "private/labels.csv"}}
    (found,) = answers.labels(tmp_path, declared)
    assert (found.state, "private/labels.csv" in found.found) == ("warn", True)
    (tmp_path / "private").mkdir()
    (tmp_path / "private/labels.csv").write_text("text,label\n")
    (found,) = answers.labels(tmp_path, declared)
    assert found.state == "ok"
    assert list(answers.labels(tmp_path, {})) == []
