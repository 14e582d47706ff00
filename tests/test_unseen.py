"""A feature or claim whose events never occur says so, in place of a finding on everybody."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from funnelkit.api import Project
from funnelkit.results.gap_rows import GAP_COLUMNS, NAMES
from funnelkit.results.reports_say import Asked, say_section
from funnelkit.results.unseen import with_unlogged, with_unused
from funnelkit.table import Column, Table, Value
from funnelkit.warehouse.connect import connect, memory
from funnelkit.warehouse.macros import say_plan

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

CLAIM: dict[str, Any] = {"events": ["playd"], "where": None}
PLAN: dict[str, Any] = {
    "features": [
        {"name": "alerts", "events": ["alert_craeted", "alert_frd"], "where": None},
        {"name": "exports", "events": ["exported"], "where": None},
        {"name": "sharing", "events": ["shared"], "where": "role = 'nobody'"},
    ],
    "questions": [
        {"name": "hours", "claim": CLAIM},
        {"name": "visits", "claim": {"events": ["shared", "gone"], "where": None}},
        {"name": "nps", "claim": None},
    ],
}
ALERTS = "No event of alerts ever occurred: are `alert_craeted`, `alert_frd` spelled right?"
SHARING = "No event of sharing ever met its conditions: look at its `where`, and who did it."
HOURS = "No event of hours ever occurred: is `playd` spelled right?"


@pytest.fixture
def built() -> Iterator["DuckDBPyConnection"]:
    with memory() as con:
        _fill(con)
        yield con


def _fill(con: "DuckDBPyConnection") -> None:
    con.execute("""
        create table dim_features as
        select no as feature_no, name as feature, null::varchar as description,
            2419200000000 as within_us, 2 as used_days, 4 as regular_days,
            '' as definition, '' as definition_hash
        from (values (0, 'alerts'), (1, 'exports'), (2, 'sharing')) as t (no, name);
        create table fct_feature_usage as select 1 as feature_no, 'u1' as user_key;
        create table fct_events as
        select unnest(['exported', 'shared']) as event_name;
    """)


def _gaps(*features: str) -> Table:
    told: dict[str, Value] = {
        "used_days": 2,
        "customers": 9,
        "also": "another",
        "label": "estimate",
    }
    rows: tuple[tuple[Value, ...], ...] = tuple(
        tuple(
            {**told, "feature": feature, "finding": f"{feature} found"}.get(name) for name in NAMES
        )
        for feature in features
    )
    return Table(GAP_COLUMNS, rows, {}, f"{features[0]} found", ("a note",))


def test_an_unused_feature_has_its_sentence_in_place_of_a_finding(
    built: "DuckDBPyConnection",
) -> None:
    told = with_unused(built, PLAN, _gaps("alerts", "exports", "sharing"))
    rows = told.records()
    assert [row["finding"] for row in rows] == [ALERTS, "exports found", SHARING]
    assert [row["also"] for row in rows] == ["", "another", ""]
    assert [row["customers"] for row in rows] == [9, 9, 9]
    assert told.headline == "exports found"
    assert told.notes == (ALERTS, SHARING, "a note")


def test_alone_its_sentence_is_the_headline(built: "DuckDBPyConnection") -> None:
    told = with_unused(built, PLAN, _gaps("alerts"))
    assert (told.headline, told.notes) == (ALERTS, (ALERTS, "a note"))


def test_used_features_are_left_as_they_are(built: "DuckDBPyConnection") -> None:
    table = _gaps("exports")
    assert with_unused(built, PLAN, table) is table


def test_the_bias_has_the_note(built: "DuckDBPyConnection") -> None:
    table = Table((Column("feature"),), (("sharing",), ("exports",)), {}, "as told", ("a note",))
    told = with_unused(built, PLAN, table)
    assert (told.headline, told.notes, told.rows) == ("as told", (SHARING, "a note"), table.rows)


def test_a_claim_that_the_log_cannot_answer_says_so(built: "DuckDBPyConnection") -> None:
    meta = {"questions": ["hours", "visits"]}
    table = Table((Column("question"),), (("hours",),), meta, "hours: of 9 claims: 9 more.", ("n",))
    told = with_unlogged(built, PLAN, table)
    assert (told.headline, told.notes) == (HOURS, (HOURS, "n"))
    visits = Table(table.columns, (("visits",),), {"questions": ["visits"]}, "visits: x.", ("n",))
    assert with_unlogged(built, PLAN, visits) is visits


def test_a_report_finds_nothing_of_what_nobody_ever_used(built_sample: Project) -> None:
    plan = say_plan(built_sample.variables)
    asked = Asked(plan["features"], {}, built_sample.paths.root, 5)
    with connect(built_sample.paths.warehouse, read_only=True) as con:
        for table in ("fct_events", "fct_feature_usage"):
            name = "event_name" if table == "fct_events" else "feature"
            unlike = "report_exported" if table == "fct_events" else "exports"
            con.execute(
                f"create temp table {table} as from main.{table} where {name} <> '{unlike}'"
            )
        found = say_section(con, plan, asked)[0].findings
    assert found[-1] == "No event of exports ever occurred: is report_exported spelled right?"
    assert not any(text.startswith(("Exports", "Not decided: Exports")) for text in found)
