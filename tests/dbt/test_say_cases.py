"""Cases of who said what and who pays what that random worlds do not draw, in one small build."""

import csv
import json
from pathlib import Path

import duckdb
import pytest

from funnelkit.api import Project
from tests.dbt import growing as g
from tests.dbt.growing import at

DEFINITIONS = """\
funnels: {f: {steps: [a, b], window: 1 day}}
user_properties: {mrr: bigint, country: varchar}
revenue: mrr
features: {alerts: {events: a, topics: [bell]}}
feedback: {questions: {q: {kind: rating5, feature: alerts}}}
"""
FIELDS = (
    "response_id",
    "user_id",
    "source",
    "submitted_at",
    "question",
    "score",
    "product",
    "text",
)
SAID = [
    ("asked", "ann", "survey", at(days=40), "q", 5, "", ""),
    ("unasked", "ann", "review", at(days=41), "q", 1, "", ""),
    ("rival", "ann", "review", at(days=42), "q", 2, "Rival", "what a bell"),
    ("first", "bob", "survey", at(days=40), "q", 1, "", ""),
    ("second", "bob", "survey", at(days=41), "q", 2, "", ""),
    ("words", "bob", "ticket", at(days=41), "", "", "", "no bell rings"),
]


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Project:
    opened = g.project(tmp_path_factory.mktemp("cases") / "say", DEFINITIONS)
    _load_events(opened, opened.paths.root / "segment.json")
    file = opened.paths.root / "said.csv"
    with file.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([FIELDS, *SAID])
    opened.load("feedback", [str(file)])
    g.build(opened)
    return opened


def _load_events(opened: Project, file: Path) -> None:
    """Two users of an account; of the first, later than of the other, all but the revenue."""
    group = {"groupId": "acme"}
    rows = [
        _row("track", "ann", at(hours=1), event="a", context=group),
        _row("track", "bob", at(hours=1), event="a", context=group),
        _row("identify", "ann", at(hours=2), traits={"mrr": 5000, "country": "SE"}, context=group),
        _row("identify", "bob", at(days=20), traits={"mrr": 10000}, context=group),
        _row("identify", "ann", at(days=30), traits={"country": "DE"}, context=group),
        _row("track", "bob", at(days=80), event="b", context=group),
    ]
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    opened.load("events", [str(file)], preset="segment")


def _row(kind: str, user: str, time: str, **more: object) -> dict[str, object]:
    return {
        "type": kind,
        "messageId": f"{kind}-{user}-{time}",
        "userId": user,
        "timestamp": time,
        "receivedAt": time,
        **more,
    }


def test_unasked_words_and_those_of_other_products_leave_an_asked_rating_alone(
    opened: Project,
) -> None:
    rated = "select response_id, left_out from fct_say_do where aims <> 'text'"
    assert dict(g.rows(opened, rated)) == {
        "asked": None,
        "unasked": None,
        "first": "superseded",
        "second": None,
    }


@pytest.mark.parametrize(
    ("change", "counts"),
    [
        # Ratings and texts as they were said, then as they are in fct_say_do.
        ("select 1", []),
        ("insert into fct_say_do by name select * replace ('rival' as response_id) from fct_say_do"
         " where response_id = 'unasked'", [(4, 1, 5, 1)]),
        ("insert into fct_say_do by name select * replace ('rival' as response_id) from fct_say_do"
         " where response_id = 'words'", [(4, 1, 4, 2)]),
        ("delete from fct_say_do where response_id = 'first'", [(4, 1, 3, 1)]),
        ("delete from fct_say_do where response_id = 'words'", [(4, 1, 4, 0)]),
        ("update fct_feedback set product = null where response_id = 'rival'", [(5, 2, 4, 1)]),
    ],
)  # fmt: skip
def test_what_was_said_of_other_products_is_no_part_of_what_is_conserved(
    conserved: str, opened: Project, change: str, counts: list[tuple[int, ...]]
) -> None:
    with duckdb.connect(str(opened.paths.warehouse)) as con:
        con.execute("begin")
        con.execute(change)
        assert con.execute(conserved).fetchall() == counts
        con.execute("rollback")


@pytest.fixture(scope="module")
def conserved(opened: Project) -> str:
    """The test of the dbt project as dbt has compiled it, which passes."""
    name = "assert_say_do_is_conserved"
    assert opened.dbt(["test", "--quiet", "--select", name]) == 0
    (compiled,) = opened.paths.root.glob(f"build/dbt/target/compiled/*/tests/{name}.sql")
    return compiled.read_text(encoding="utf-8")


def test_a_row_that_leaves_the_revenue_out_tells_none(opened: Project) -> None:
    assert g.rows(opened, "select country from dim_users where user_id = 'ann'") == [("DE",)]
    told = g.rows(opened, "select customer_id, users, revenue_cents from dim_customers_at")
    assert told == [("acme", 2, 10000)]
