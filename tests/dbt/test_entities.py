"""What a funnel counts besides users: sessions, an event's property; each on a log made by hand."""

from typing import Any

import duckdb
import pytest

import funnelkit as fk
from funnelkit.api import Project
from funnelkit.project.scaffold import write_project
from funnelkit.warehouse.macros import definition_hash, funnel_specs

DEFINITIONS = """
sessions: {idle: 30 minutes}
event_properties: {order_no: integer}
user_properties: {plan: varchar}
segments: {pro: "plan = 'pro'"}
funnels:
  visits: {steps: [visit, buy], entity: session_id, breakdowns: [plan]}
  orders: {steps: [visit, buy], entity: order_no}
"""
# Of a: a pause of exactly half an hour is none, a second more begins a session.
EVENTS = """event_id,user_id,event_name,occurred_at,properties
1,a,visit,2026-03-01T00:00:00Z,"{""order_no"": 7}"
2,a,buy,2026-03-01T00:30:00Z,"{""order_no"": 8}"
3,a,visit,2026-03-01T01:00:01Z,"{""order_no"": 8}"
4,a,look,2026-03-01T01:20:00Z,
5,a,buy,2026-03-01T01:40:00Z,"{""order_no"": 7}"
6,b,visit,2026-03-01T00:00:00Z,
7,b,buy,2026-03-01T02:00:00Z,
"""
USERS = """user_id,updated_at,properties
a,,"{""plan"": ""free""}"
a,2026-03-01T00:45:00Z,"{""plan"": ""pro""}"
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    root = tmp_path_factory.mktemp("entities")
    write_project(root, "shop", DEFINITIONS)
    (root / "events.csv").write_text(EVENTS)
    (root / "users.csv").write_text(USERS)
    opened = fk.open(root)
    opened.load("events", [str(root / "events.csv")])
    opened.load("users", [str(root / "users.csv")])
    result = opened.build()
    assert result.ok, result
    return opened


def rows(project: Project, sql: str) -> list[Any]:
    with duckdb.connect(str(project.paths.warehouse), read_only=True) as con:
        return con.execute(sql).fetchall()


def test_a_longer_pause_than_the_idle_time_begins_a_session(project: Project):
    assert rows(
        project,
        "select session_id, user_id, events, strftime(started_at, '%H:%M:%S'),"
        " strftime(ended_at, '%H:%M:%S') from fct_sessions order by all",
    ) == [
        ("a/1", "a", 2, "00:00:00", "00:30:00"),
        ("a/2", "a", 3, "01:00:01", "01:40:00"),
        ("b/1", "b", 1, "00:00:00", "00:00:00"),
        ("b/2", "b", 1, "02:00:00", "02:00:00"),
    ]


@pytest.mark.parametrize("options", [{}, {"where": "true"}])  # the marts, and the engine
def test_sessions_are_counted(project: Project, options: Any):
    found = project.funnel("visits", **options).records()
    assert [(row["entered"], row["reached"]) for row in found] == [(3, 3), (3, 2)]
    assert "of 3 sessions" in project.funnel("visits", **options).headline.replace("Of", "of")


def test_a_session_has_its_users_properties_as_of_its_entry(project: Project):
    found = project.funnel("visits", by="plan").records()
    assert {row["value"]: row["reached"] for row in found if row["step"] == 2} == {
        None: 2, "free": 1, "pro": 1, "(none)": 0,
    }  # fmt: skip
    paying = project.funnel("visits", segment="pro").records()
    assert [(row["entered"], row["reached"]) for row in paying] == [(1, 1), (1, 1)]
    (told,) = project.funnel("visits", explain="a/2").headline.splitlines()
    assert told.startswith("Converted")


@pytest.mark.parametrize("options", [{}, {"where": "true"}])
def test_an_events_property_is_counted_across_users_and_sessions(project: Project, options: Any):
    # 7: visited, and bought an hour later; 8: bought before it visited; b's events have none.
    found = project.funnel("orders", **options).records()
    assert [(row["entered"], row["reached"]) for row in found] == [(2, 2), (2, 1)]
    assert rows(
        project,
        "select entity_id, level from fct_funnel_journeys where funnel = 'orders' order by 1",
    ) == [("7", 2), ("8", 1)]


def test_the_idle_time_is_a_rule_of_a_funnel_of_sessions():
    funnel = {"steps": ["a", "b"], "entity": "session_id"}
    (one,), (other,) = (funnel_specs({"f": funnel}, idle) for idle in ("30 minutes", "1 hour"))
    assert definition_hash(one) != definition_hash(other)
    users = {"steps": ["a", "b"]}
    (one,), (other,) = (funnel_specs({"f": users}, idle) for idle in ("30 minutes", "1 hour"))
    assert definition_hash(one) == definition_hash(other)
