"""Survey tools' exports, small and made by hand; expected rows are read off the files."""

import csv
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from funnelkit.errors import FunnelkitError
from funnelkit.warehouse.connect import memory
from funnelkit.warehouse.load import load
from funnelkit.warehouse.presets import find
from funnelkit.warehouse.wide import parse_questions

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

FOLDER = Path(__file__).parent / "presets"
DECLARED: list[dict[str, Any]] = [
    {"name": "q_alerts", "kind": "rating5", "feature": "alerts",
     "columns": ["How do you rate alerts?"]},
    {"name": "nps", "kind": "nps", "feature": None,
     "columns": ["How likely are you to recommend us to a friend, 0 to 10?"]},
    {"name": "why", "kind": "text", "feature": None, "columns": ["Why that number?"]},
    {"name": "by", "kind": "choice", "feature": None, "columns": ["Mail", "Phone"]},
]  # fmt: skip


def _load(
    con: "DuckDBPyConnection",
    preset: str,
    file: str | Path,
    *given: str,
    declared: Any = (),
    **more: Any,
) -> Any:
    path = FOLDER / file
    asked = parse_questions(given, declared)
    return load(con, "feedback", [path], root=path.parent, preset=preset, asked=asked, **more)


def _rows(con: "DuckDBPyConnection", columns: str) -> list[tuple[Any, ...]]:
    return con.execute(
        f"select {columns} from raw.feedback order by source_line, question"
    ).fetchall()


def test_typeform_answers_of_declared_questions(con: "DuckDBPyConnection") -> None:
    result = _load(con, "typeform", "typeform.csv", declared=DECLARED)
    one, two, three, four = (
        "boxnnaoy48qg29omnmboxinvofym0001", "odwdp4nzj1xg6m9l36odwdp4nzlv0002",
        "g90zltrzyndkmhsdg90o43h2a5870003", "d9fh6npx92k6c8hf1lwoi7vtnab20004",
    )  # fmt: skip
    assert _rows(con, "response_id, user_id, kind, feature, score, text") == [
        (f"{one}:by", "u-1", "choice", None, None, "Mail; Phone"),
        (f"{one}:nps", "u-1", "nps", None, "9", None),
        (f"{one}:q_alerts", "u-1", "rating5", "alerts", "4", None),
        (f"{one}:why", "u-1", "text", None, None, 'Fast, and "simple"'),
        (f"{two}:by", "u-2", "choice", None, None, "Phone"),
        (f"{two}:nps", "u-2", "nps", None, "10", None),
        (f"{three}:nps", None, "nps", None, "0", None),
        (f"{three}:q_alerts", None, "rating5", "alerts", "5", None),
        (f"{three}:why", None, "text", None, None, "Über\nzwei Zeilen"),
        (f"{four}:q_alerts", "u-4", "rating5", "alerts", "2", None),
    ]
    assert _rows(con, "distinct on (source_line) source, submitted_at") == [
        ("survey", "2026-04-02 10:00:00Z"),
        ("survey", "2026-04-02 11:02:30Z"),
        ("survey", "2026-04-03 00:01:00Z"),
        ("survey", None),  # never sent off: the build rejects it, and says so
    ]
    assert "Your e-mail" in result.files[0].ignored


def test_typeform_exports_of_ten_years_ago_have_fewer_columns(con: "DuckDBPyConnection") -> None:
    _load(con, "typeform", "typeform_2016.csv", "q_alerts:rating5=How do you rate alerts?")
    assert _rows(con, "user_id, question, score, submitted_at") == [
        ("u-1", "q_alerts", "3", "2016-08-25 10:01:12Z")
    ]


def test_delighted_has_its_own_two_questions(con: "DuckDBPyConnection") -> None:
    result = _load(con, "delighted", "delighted.csv")
    columns = "response_id, user_id, source, question, kind, score, text, submitted_at"
    assert _rows(con, columns) == [
        ("501:nps", "u-1", "nps", "nps", "nps", "0", None, "2026-04-02 10:00:00Z"),
        ("501:nps_why", "u-1", "nps", "nps_why", "text", None, "Alerts come late, again",
         "2026-04-02 10:00:00Z"),
        ("502:nps", "u-2", "nps", "nps", "nps", "9", None, "2026-04-02 11:00:00Z"),
        ("503:csat", "u-3", "nps", "csat", "csat", "4", None, "2026-04-03 00:00:00Z"),
        ("503:csat_why", "u-3", "nps", "csat_why", "text", None, "Fine", "2026-04-03 00:00:00Z"),
        # a kind of survey that has no scale of ours: the score is kept, the kind is not made up
        ("504:smileys", None, "nps", "smileys", None, "2", None, "2026-04-03 01:00:00Z"),
    ]  # fmt: skip
    assert {"Name", "Email"} <= {*result.files[0].ignored}


def test_delighted_answers_of_its_api(con: "DuckDBPyConnection") -> None:
    _load(con, "delighted", "delighted.json")
    assert _rows(con, "response_id, score, text, submitted_at") == [
        ("1:nps", "0", None, "2026-04-02 10:00:00Z"),
        ("2:nps", "10", None, "2026-04-02 11:00:00Z"),
        ("2:nps_why", None, "Great", "2026-04-02 11:00:00Z"),
    ]


def test_other_columns_of_delighted_are_questions_where_one_says_so(
    con: "DuckDBPyConnection",
) -> None:
    _load(con, "delighted", "delighted.csv", "plan_is:choice=Plan", "nps=Score")
    assert _rows(con, "question, score, text")[:3] == [
        ("nps", "0", None),
        ("nps_why", None, "Alerts come late, again"),
        ("plan_is", None, "pro"),
    ]


@pytest.mark.parametrize(
    ("preset", "file", "given"),
    [("typeform", "typeform.csv", ["nps:nps=How do you rate alerts?", "why:text=Why that number?"]),
     ("delighted", "delighted.csv", []), ("delighted", "delighted.json", [])],
)  # fmt: skip
def test_names_and_addresses_stay_outside(
    con: "DuckDBPyConnection", preset: str, file: str, given: list[str]
) -> None:
    _load(con, preset, file, *given)
    held = con.execute("select cast(to_json(columns(*)) as varchar) from raw.feedback").fetchall()
    held += con.execute("select cast(to_json(columns(*)) as varchar) from raw.loads").fetchall()
    text = str(held)
    assert not any(each in text for each in ("example.org", "Ann Lee", "653e97acae"))


def test_an_address_is_an_id_where_one_says_so(con: "DuckDBPyConnection") -> None:
    _load(con, "delighted", "delighted.csv", mapping={"user_id": "Email"})
    assert _rows(con, "user_id")[0] == ("ann@example.org",)


@pytest.mark.parametrize(
    ("kind", "preset", "file", "message"),
    [
        ("feedback", "typeform", "delighted.csv", "is no Typeform export"),
        ("feedback", "delighted", "typeform.csv", "is no Delighted export"),
        ("feedback", "typeform", "typeform.csv", "no column of a question"),
        ("feedback", "typefrom", "typeform.csv", "no preset for feedback is called 'typefrom'"),
        ("feedback", "segment", "typeform.csv", "no preset for feedback is called 'segment'"),
        ("events", "typeform", "typeform.csv", "no preset is called 'typeform'"),
    ],
)
def test_the_wrong_preset_is_an_error(
    con: "DuckDBPyConnection", kind: str, preset: str, file: str, message: str
) -> None:
    with pytest.raises(FunnelkitError, match=message):
        load(con, kind, [FOLDER / file], root=FOLDER, preset=preset)


@pytest.mark.parametrize(
    ("preset", "file", "target", "theirs"),
    [
        ("delighted", "delighted.csv", "submitted_at", "Created At"),
        ("typeform", "typeform.csv", "submitted_at", "Submit Date (UTC)"),
        ("typeform", "typeform.csv", "response_id", "#"),
    ],
)
def test_a_mapped_column_is_not_looked_for_under_the_vendors_name(
    con: "DuckDBPyConnection", tmp_path: Path, preset: str, file: str, target: str, theirs: str
) -> None:
    with (FOLDER / file).open(encoding="utf-8", newline="") as lines:
        heading, *rows = csv.reader(lines)
    renamed = tmp_path / file
    with renamed.open("w", encoding="utf-8", newline="") as out:
        csv.writer(out).writerows(
            [["Theirs" if name == theirs else name for name in heading], *rows]
        )
    assert "Theirs" in renamed.read_text("utf-8")
    declared = DECLARED if preset == "typeform" else ()
    with pytest.raises(FunnelkitError, match="it has no column"):
        _load(con, preset, renamed, declared=declared)
    with pytest.raises(FunnelkitError, match="has no column 'Thers'"):
        _load(con, preset, renamed, declared=declared, mapping={target: "Thers"})
    _load(con, preset, renamed, declared=declared, mapping={target: "Theirs"})
    told = _rows(con, "response_id, submitted_at")
    with memory() as vendors:
        _load(vendors, preset, file, declared=declared)
        assert told == _rows(vendors, "response_id, submitted_at")


def test_presets_of_feedback_are_none_of_events() -> None:
    with pytest.raises(FunnelkitError):
        find("delighted")


# Every field with whatever value: no row is lost, none is made up, and nothing stops the load.

VALUES = st.sampled_from(["", "0", "10", "x", "2026-04-02 10:00:00", "{}", "'", "über, ja", "#"])


def _fuzzed(file: str) -> tuple[list[str], list[list[str]]]:
    with (FOLDER / file).open(encoding="utf-8", newline="") as lines:
        head, *rows = csv.reader(lines)
    return head, rows


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data(), file=st.sampled_from(["typeform.csv", "delighted.csv"]))
def test_any_value_in_any_field(tmp_path: Path, data: st.DataObject, file: str) -> None:
    head, rows = _fuzzed(file)
    for row in rows[1:]:  # the first stays: a file without one readable time is an error
        row[data.draw(st.integers(0, len(head) - 1))] = data.draw(VALUES)
    path = tmp_path / file
    with path.open("w", encoding="utf-8", newline="") as out:
        csv.writer(out).writerows([head, *rows])
    preset = file.removesuffix(".csv")
    declared = DECLARED if preset == "typeform" else []
    with memory() as con:
        result = _load(con, preset, path, declared=declared)
        found = con.execute("select coalesce(score, text) from raw.feedback").fetchall()
    asked = [("How do you rate alerts?",), (head[2],), ("Why that number?",), ("Mail", "Phone")]
    if preset == "delighted":
        asked = [("Score",), ("Comment",)]
    cells = [
        "; ".join(filter(None, (row[head.index(name)] for name in names)))
        for row in rows
        for names in asked
    ]
    assert sorted(each for (each,) in found) == sorted(filter(None, cells))
    assert result.rejected == 0
