"""A user's own project on a log made by hand: every expected number is counted on paper."""

import json
from pathlib import Path
from typing import Any

import duckdb
import pytest

import funnelkit as fk
from funnelkit.api import Project
from funnelkit.project.scaffold import write_project
from funnelkit.results import funnel_table
from funnelkit.warehouse.queries import open_marts

DEFINITIONS = """
timezone: America/New_York
observed_until: 2026-03-11
event_properties: {amount: integer}
user_properties: {plan: varchar, seats: integer}
funnels:
  trial:
    steps: [signup, buy]
    window: 30 days
    breakdowns: [plan]
  accounts: {steps: [signup, buy], entity: account_id}
  quoted:
    steps:
      - {name: "a 'quoted' {{ step }}", event: signup}
      - {name: "50 % {# off #}", event: ["bu'y", buy], where: "amount > 10 -- not 5"}
  nobody: {steps: [never, buy], window: 1 day, breakdowns: [plan]}
"""

EVENTS = """event_id,user_id,anonymous_id,account_id,event_name,occurred_at,received_at,properties
1,ann,,old,signup,2026-03-01T00:00:00Z,2026-03-01T00:00:01Z,
2,ann,,old,buy,2026-03-02T00:00:00Z,,"{""amount"": 11}"
3,ann,,new,signup,2026-03-03T00:00:00Z,,
4,bob,,,signup,2026-03-01T00:00:00Z,rubbish,
5,bob,,,buy,2026-03-20T00:00:00Z,,"{""amount"": ""many""}"
6,cid,,c,signup,2026-03-08T04:30:00Z,,no json
7,cid,,c,buy,2026-03-09T00:00:00Z,,"{""amount"": 5}"
8,,7,,signup,2026-03-01T00:00:00Z,,
9,7,,,buy,2026-03-02T00:00:00Z,,"{""amount"": 99}"
10,dot,,,look,2026-03-30T00:00:00Z,,
9,7,,,buy,2026-03-02T00:00:00Z,,"{""amount"": 99}"
"""

USERS = """user_id,account_id,updated_at,properties
ann,new,,"{""plan"": ""b"", ""seats"": 1}"
ann,new,,"{""plan"": ""a"", ""seats"": 2}"
cid,,2026-03-08T04:30:00Z,"{""plan"": ""c"", ""seats"": ""ten""}"
bob,,2026-03-05T00:00:00Z,"{""plan"": ""late""}"
"""

FEEDBACK = "submitted_at,question,score\n2026-03-01,nps,9\n2026-03-01,nps,9\n2026-03-01,nps,9\n"


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    root = tmp_path_factory.mktemp("own") / "it's a (test)"
    root.mkdir()
    write_project(root, "shop", DEFINITIONS)
    for kind, text in (("events", EVENTS), ("users", USERS), ("feedback", FEEDBACK)):
        (root / f"{kind}.csv").write_text(text)
    opened = fk.open(root)
    for kind in ("events", "users", "feedback"):
        opened.load(kind, [str(root / f"{kind}.csv")])  # type: ignore[arg-type]
    result = opened.build()
    assert result.ok, result
    return opened


def rows(project: Project, sql: str) -> list[Any]:
    with duckdb.connect(str(project.paths.warehouse), read_only=True) as con:
        return con.execute(sql).fetchall()


def test_maturity_goes_by_observed_until_and_counts_go_by_the_log(project):
    # ann, bob, cid and anonymous:7 enter; all windows are open on 11 March; ann, bob, cid buy.
    first, last = project.funnel("trial").records()
    assert (first["entered"], first["matured"], last["reached"], last["open"]) == (4, 0, 3, 1)
    assert last["conversion"] is None


def test_the_curve_has_not_seen_what_came_after_observed_until(project):
    # Of four, cid buys after 19.5 h and ann after 24 h; bob's 20 March is not seen yet.
    curve = project.funnel("trial", times=True).records()
    rises = {row["seconds"]: row["converted_share"] for row in curve if row["converted_share"]}
    assert rises == {70_200.0: 0.25, 86_400.0: 0.5, 864_000.0: 0.5}


def test_an_account_that_its_user_left_still_counts(project):
    # old: signs up and buys; new: signs up; c: both. bob's and 7's events name no account.
    first, last = project.funnel("accounts").records()
    assert (first["reached"], last["reached"]) == (3, 2)
    told = rows(project, "select entries from rpt_event_quality where reason like 'no account%'")
    assert told == [(5,)]


def test_an_anonymous_id_is_never_taken_for_a_user_of_that_name(project):
    assert rows(project, "select user_id from fct_events where event_id = '8'") == [
        ("anonymous:7",)
    ]


def test_names_are_data_and_conditions_are_sql(project):
    # amount > 10: ann's 11 counts; 5, 'many' and none do not. 7 never signed up.
    name = "quoted"
    steps = project.funnel(name).records()
    assert [step["step_name"] for step in steps] == ["a 'quoted' {{ step }}", "50 % {# off #}"]
    assert [step["reached"] for step in steps] == [4, 1]


def test_a_funnel_that_nobody_enters_has_its_rows_all_the_same(project):
    table = project.funnel("nobody", by="plan")
    assert [row["entered"] for row in table.records()] == [0, 0]
    assert "No users entered" in table.headline


def test_of_two_rows_about_a_user_one_is_taken_whole(project):
    told = rows(
        project,
        "select property, value from dim_user_properties where user_id = 'ann' order by property",
    )
    assert told == [("plan", "a"), ("seats", "2")]
    assert rows(project, "select plan, seats from dim_users where user_id = 'ann'") == [("a", 2)]


def test_a_property_told_later_was_not_known_at_the_entry(project):
    values = {
        row["value"]: row["entered"]
        for row in project.funnel("trial", by="plan").records()
        if row["value"] and row["step"] == 1
    }
    assert values == {"a": 1, "c": 1, "(none)": 2}


def test_cohorts_follow_the_projects_calendar(project):
    # 8 March, 04:30 UTC is 7 March, 23:30 in New York: the week before, and the day before.
    days = [row["period"] for row in project.funnel("trial", trend="day").records()]
    assert sorted(set(days)) == ["2026-02-28", "2026-03-07"]


def test_everything_given_up_is_counted(project):
    quality = {
        (kind, outcome, reason): entries
        for kind, outcome, reason, entries in rows(project, "from rpt_event_quality")
    }
    assert quality == {
        ("events", "accepted", "events"): 10,
        ("events", "duplicate", "same event_id as another row"): 1,
        ("events", "kept", "amount does not fit its type"): 1,
        ("events", "kept", "properties does not fit its type"): 1,
        ("events", "kept", "received_at does not fit its type"): 1,
        ("events", "kept", "no account: not in funnels of accounts"): 5,
        ("users", "accepted", "users"): 3,
        ("users", "duplicate", "same user_id and updated_at as another row"): 1,
        ("users", "kept", "seats does not fit its type"): 1,
        ("feedback", "accepted", "feedback"): 3,
    }


def test_definition_of_the_marts_is_the_one_that_is_shown(project):
    built = dict(rows(project, "select funnel, definition_hash from dim_funnels"))
    told = project.definitions().records()
    shown = {row["funnel"]: row["definition_hash"] for row in told if row["definition_hash"]}
    assert built == shown
    definition = json.loads(
        rows(project, "select definition from dim_funnels where funnel = 'trial'")[0][0]
    )
    assert definition["window_us"] == 30 * 86_400_000_000


def test_words_beside_numbers_are_those_of_the_build(project):
    # The definitions were edited and not built: the window on paper is not the numbers' window.
    spec = {**project.pick("trial", project.specs()), "window_us": 86_400_000_000}
    with open_marts(project.paths.warehouse) as con:
        table = funnel_table(con, spec)
    assert "Window: 30 days from the entry, inclusive." in table.notes
    assert table.meta["definition_hash"] == project.funnel("trial").meta["definition_hash"]
    assert "Step 2, buy: event buy." in table.meta["definition"]


def test_paths_with_quotes_and_blanks_work(project):
    assert Path(project.paths.root).name == "it's a (test)"
