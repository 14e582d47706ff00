"""Builds that grow: whatever came in whatever order, the tables are those of one build of all."""

import json
import random
import shutil
from pathlib import Path

import pytest

import funnelkit as fk
from funnelkit.api import Project
from tests.dbt import growing as g
from tests.dbt.growing import Answer, Event, User, at

SMALL = """
event_properties: {item: varchar}
user_properties: {plan: varchar}
identity: {shared_devices: first}
quality: {exclude: [{name: testers, list: private/testers.txt}]}
funnels:
  f: {steps: [a, b], window: 1 day}
  best: {steps: [a, b], window: 1 day, entry: best}
"""


def _in_pieces(root: Path, seed: int, definitions: str, parts: int) -> Project:
    """The random log loaded in pieces, sorted by time or not, now and then two before a build."""
    draw = random.Random(f"pieces {seed}")
    opened = g.project(root, definitions)
    events, users = g.random_rows(seed)
    if draw.random() < 0.6:
        events.sort(key=lambda event: str(event.occurred_at))
    else:
        draw.shuffle(events)
    cuts = [0, *sorted(draw.sample(range(len(events)), parts - 1)), len(events)]
    told = [0, *sorted(draw.sample(range(len(users)), parts - 1)), len(users)]
    for n in range(parts):
        g.load(opened, "events", f"events{n}", events[cuts[n] : cuts[n + 1]])
        g.load(opened, "users", f"users{n}", users[told[n] : told[n + 1]])
        if n == parts - 1 or parts == 3 or draw.random() < 0.7:
            g.build(opened)
    return opened


def _at_once(root: Path, seed: int, definitions: str) -> Project:
    """The same rows in one file, in another order."""
    draw = random.Random(f"order {seed}")
    opened = g.project(root, definitions)
    events, users = g.random_rows(seed)
    g.load(opened, "events", "events", draw.sample(events, len(events)))
    g.load(opened, "users", "users", draw.sample(users, len(users)))
    g.build(opened)
    return opened


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A whole log, loaded and built at once."""
    return _at_once(tmp_path_factory.mktemp("growing") / "once", 3, g.DEFINITIONS)


def test_a_log_in_pieces_gives_the_tables_of_the_whole_log(once: Project, tmp_path: Path) -> None:
    opened = _in_pieces(tmp_path / "pieces", 3, g.DEFINITIONS, parts=3)
    assert set(g.times_whole(opened).values()) == {1}
    found = g.tables(opened)
    assert not g.differences(found, g.tables(once))
    ids = [row[0] for row in g.rows(opened, "select event_id from fct_events")]
    assert len(ids) == len({*ids}) > 50


def test_accounts_are_known_to_aha_moments_as_to_funnels(once: Project) -> None:
    """Users change their accounts; values of an account are those of its latest row."""
    found = g.rows(
        once,
        "select clock, entity_id, value from int_entrant_values"
        " inner join int_entrants using (clock_no, entity_key)"
        " where clock in ('plain', 'held', 'accounts') and breakdown = 'plan' order by all",
    )
    assert found == g.rows(
        once,
        "select funnel, entity_id, value from fct_funnel_breakdowns"
        " where breakdown = 'plan' and funnel in ('plain', 'held', 'accounts') order by all",
    )
    assert {value for clock, _, value in found if clock == "accounts"} > {"(none)"}


@pytest.mark.long
@pytest.mark.parametrize("seed", range(12))
def test_random_logs_in_pieces(tmp_path: Path, seed: int) -> None:
    definitions = (g.DEFINITIONS, g.CAPPED)[seed % 2]
    opened = _in_pieces(tmp_path / "pieces", seed, definitions, parts=5)
    assert set(g.times_whole(opened).values()) == {1}
    found = g.tables(opened)
    assert not g.differences(found, g.tables(g.whole(opened, tmp_path / "refreshed")))
    assert not g.differences(found, g.tables(_at_once(tmp_path / "once", seed, definitions)))


JANUARY = [
    # ann signs up and bob does and goes on, within the hour; cid does on the device of dan.
    Event("1", "ann", event_name="a", occurred_at=at(hours=1), received_at=at(hours=1)),
    Event("2", "bob", event_name="a", occurred_at=at(hours=2), received_at=at(hours=2)),
    Event("3", "bob", event_name="b", occurred_at=at(hours=2.5), received_at=at(hours=3)),
    Event("4", "cid", "tablet", event_name="a", occurred_at=at(hours=4), received_at=at(hours=4)),
    Event("5", "cid", event_name="b", occurred_at=at(hours=9), received_at=at(hours=9)),
    Event("6", "dan", "tablet", event_name="x", occurred_at=at(hours=10), received_at=at(hours=10)),
    # ivy's better attempt is still open when January was observed, until day 29.
    Event("i1", "ivy", event_name="a", occurred_at=at(days=20), received_at=at(days=20)),
    Event("i2", "ivy", event_name="a", occurred_at=at(days=28.5), received_at=at(days=28.5)),
    Event("i3", "ivy", event_name="b", occurred_at=at(days=28.6), received_at=at(days=28.6)),
    Event("7", None, "tablet", event_name="x", occurred_at=at(days=29), received_at=at(days=29)),
]
TOLD = [User("ann", None, None, at(hours=0), '{"plan": "free"}')]


@pytest.fixture(scope="module")
def january(tmp_path_factory: pytest.TempPathFactory) -> Project:
    opened = g.project(tmp_path_factory.mktemp("january") / "p", SMALL)
    (opened.paths.root / "private").mkdir()
    (opened.paths.root / "private" / "testers.txt").write_text("nobody\n")
    g.load(opened, "events", "january", JANUARY)
    g.load(opened, "users", "users", TOLD)
    g.build(opened)
    return opened


@pytest.fixture
def opened(january: Project, tmp_path: Path) -> Project:
    """January, loaded and built."""
    root = tmp_path / "p"
    shutil.copytree(january.paths.root, root)
    return fk.open(root)


def _journeys(opened: Project) -> list[tuple[str, int]]:
    journeys = "select entity_id, level from fct_funnel_journeys where funnel = 'f' order by all"
    return g.rows(opened, journeys)


def _made_whole(opened: Project, before: dict[str, int]) -> set[str]:
    return {model for model, times in g.times_whole(opened).items() if times > before[model]}


@pytest.mark.long
def test_a_late_merge_is_counted_and_as_of_tells_the_number_before_it(opened: Project) -> None:
    """In February bob turns out to be ann: his journey ends in hers, which now goes on."""
    before = g.tables(opened)
    assert _journeys(opened) == [("ann", 1), ("bob", 2), ("cid", 2), ("ivy", 1)]
    late = {"received_at": at(days=40)}
    february = [
        Event("8", "bob", previous_id="ann", event_name="x", occurred_at=at(days=40), **late),
        Event("9", "ann", event_name="b", occurred_at=at(hours=3), **late),
        Event("10", "eve", event_name="a", occurred_at=at(days=41), received_at=at(days=41)),
        Event("1", "cid", event_name="a", occurred_at=at(hours=1), **late),
    ]
    g.load(opened, "events", "february", february)
    g.load(opened, "users", "users2", [User("ann", None, "A", at(days=40), '{"plan": "pro"}')])
    assert opened.dbt(["build", "--quiet"]) == 0  # with all data tests
    assert set(g.times_whole(opened).values()) == {1}
    assert _journeys(opened) == [("ann", 2), ("cid", 2), ("eve", 1), ("ivy", 1)]
    restated = g.rows(opened, "select what, funnel, changed from rpt_restatements order by all")
    assert restated == [
        ("ids", None, 1),
        *(("journeys", "best", 2), ("journeys", "f", 2)),
        ("users", None, 2),
    ]

    g.build(g.redefine(opened, "event_properties:", "as_of: 2026-01-31\n    event_properties:"))
    found = g.tables(opened)
    quality = found.pop("rpt_event_quality")
    assert [row for row in quality if row[1] == "late"] == [
        ("events", "late", "received after as_of", 4),
        ("users", "late", "received after as_of", 1),
    ]
    assert [row for row in quality if row[1] != "late"] == before.pop("rpt_event_quality")
    assert not g.differences(found, before)
    assert g.rows(opened, "select count(*) from rpt_restatements") == [(4,)]


@pytest.mark.long
def test_a_build_of_some_tables_keeps_what_the_others_have_not_seen(opened: Project) -> None:
    """Each table knows which loads it holds, and loads of any kind make none of them whole."""
    ivy = (
        "select level, matured_level from fct_funnel_journeys"
        " where funnel = 'best' and entity_id = 'ivy'"
    )
    assert g.rows(opened, ivy) == [(2, 1)]
    g.load(opened, "events", "empty", [])
    g.load(opened, "feedback", "answers", [Answer("r", "ann", at(days=2), "nps", "9")])
    g.load(opened, "users", "users2", [User("bob", None, "B", at(hours=1), '{"plan": "pro"}')])
    g.build(opened, "--select", "fct_events", "int_touched_users")
    more = [
        Event("8", "fay", event_name="a", occurred_at=at(days=30)),
        # Received before the row of this id that is there, which is now the repeated one.
        Event("5", "gus", event_name="b", occurred_at=at(hours=9), received_at=at(hours=8)),
    ]
    g.load(opened, "events", "more", more)
    g.build(opened, "--select", "fct_events")
    assert g.rows(opened, "select count(*) from fct_events") == [(10,)]
    g.build(opened)
    assert set(g.times_whole(opened).values()) == {1}
    came = "select event_id, user_id from fct_events where event_id in ('5', '8') order by all"
    assert g.rows(opened, ivy) == [(2, 2)]  # nothing of hers came, but time went on
    assert g.rows(opened, came) == [("5", "gus"), ("8", "fay")]
    assert _journeys(opened) == [("ann", 1), ("bob", 2), ("cid", 1), ("fay", 1), ("ivy", 1)]
    assert g.rows(opened, "select user_id, score from fct_feedback") == [("ann", 9)]
    plans = "select user_id, plan from dim_users where plan is not null order by all"
    assert g.rows(opened, plans) == [("ann", "free"), ("bob", "pro")]
    accounts = "select distinct account_id from fct_events where user_id = 'bob'"
    assert g.rows(opened, accounts) == [("B",)]


@pytest.mark.long
def test_changed_definitions_make_whole_what_depends_on_them(opened: Project) -> None:
    was = g.times_whole(opened)
    g.build(changed := g.redefine(opened, "window: 1 day}", "window: 1 hour}"))
    assert _journeys(opened) == [("ann", 1), ("bob", 2), ("cid", 1), ("ivy", 1)]
    assert _made_whole(opened, was) == {
        *("int_funnel_rows", "int_funnel_chains", "int_funnel_chain_rows")
    }

    (opened.paths.root / "private" / "testers.txt").write_text("bob\n")
    was = g.times_whole(opened)
    g.build(changed)
    assert _journeys(opened) == [("ann", 1), ("cid", 1), ("ivy", 1)]
    assert "fct_events" in _made_whole(opened, was)
    assert "stg_raw__events" not in _made_whole(opened, was)

    tablet = "select event_id, user_id from fct_events where event_id = '7'"
    assert g.rows(opened, tablet) == [("7", "cid")]
    g.redefine(changed, "shared_devices: first", "shared_devices: last")
    g.build(g.redefine(changed, "{item: varchar}", "{item: varchar, n: integer}"))
    assert g.rows(opened, tablet.replace("user_id", "user_id, n")) == [("7", "dan", None)]
    found = g.tables(opened)
    g.build(opened, "--full-refresh")
    assert not g.differences(g.tables(opened), found)
    assert min(g.times_whole(opened).values()) > 1


def test_every_table_follows_what_it_reads(january: Project) -> None:
    """Else a table made whole, with other keys, would be read by one that goes on growing."""
    manifest = json.loads((january.paths.run_dir / "target" / "manifest.json").read_text("utf-8"))
    nodes = {node["name"]: node for node in manifest["nodes"].values()}
    grown = {name for name, node in nodes.items() if node["config"]["materialized"] == "grown"}

    def read(name: str) -> set[str]:
        sources = {source.rpartition(".")[2] for source in nodes[name]["depends_on"]["nodes"]}
        plain = sources & nodes.keys() - grown
        return (sources & grown).union(*(read(each) for each in plain))

    def followed(name: str) -> set[str]:
        after = {*nodes[name]["config"].get("after", ())} & read(name)
        return after.union(*(followed(each) for each in after))

    assert len(grown) > 10
    missed = {name: read(name) - followed(name) for name in grown}
    assert {name for name in missed if missed[name]} == set(), missed
