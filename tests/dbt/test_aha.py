"""Aha moments, outcomes and exposures as dbt builds them, against plain loops over the log."""

import re
import shutil
from collections import Counter
from typing import Any, NamedTuple

import pytest
import yaml

import funnelkit as fk
from funnelkit.api import Project
from funnelkit.warehouse import macros
from tests.conftest import ROOT
from tests.dbt import aha_oracle as oracle
from tests.dbt import growing as g
from tests.dbt.aha_oracle import DAY
from tests.dbt.aha_worlds import CLOCKS, OUTCOMES, PLAIN, TEAMS, Told, moments
from tests.dbt.growing import Event, at

SEEDS = [pytest.param(seed, marks=[pytest.mark.long] * (seed > 0)) for seed in range(8)]


class Built(NamedTuple):
    told: Told
    project: Project


@pytest.fixture(scope="module", params=SEEDS)
def built(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Built:
    told = Told(request.param)
    return Built(told, told.build(tmp_path_factory.mktemp("aha")))


def _by_key(built: Built, keys: int, sql: str) -> dict[Any, Any]:
    """Rows by their first columns."""
    rows = g.rows(built.project, sql)
    found = {row[:keys]: row[keys:] for row in rows}
    assert len(found) == len(rows)
    return found


def test_aha_moments_are_those_of_plain_loops(built):
    world = built.told.world
    expected = {
        (moment.name, entity): tuple(row)
        for moment in moments(world)
        for entity, row in oracle.reached(world, moment).items()
    }
    columns = ", ".join(oracle.Reached._fields)
    steps = {"a": 1, "b": 2, "c": 3}
    found = _by_key(built, 2, f"select aha, entity_id, {columns} from fct_aha_moments")
    assert found == expected
    reached = Counter(key[0] for key, row in expected.items() if row[4])
    mature = Counter(row[3] for row in expected.values())
    assert set(reached) == {moment.name for moment in moments(world)}
    assert mature[True] > 40
    assert mature[False] > 0 or world.observed == max(event.us for event in world.log)
    names = g.rows(built.project, "select distinct last_step_name, last_step from fct_aha_moments")
    assert {(name, step) for name, step in names if name} == set(steps.items())


def test_outcomes_are_those_of_plain_loops(built):
    world = built.told.world
    expected = {
        (clock.name, outcome.name, entity): tuple(row)
        for clock in CLOCKS
        for outcome in OUTCOMES
        if not outcome.steps or (clock.entity == "team") == (outcome.name == "team_bought")
        for entity, row in oracle.happened(world, clock, outcome).items()
    }
    columns = ", ".join(oracle.Happened._fields)
    found = _by_key(built, 3, f"select clock, outcome, entity_id, {columns} from fct_outcomes")
    assert found == expected
    happened = Counter(key[1] for key, row in expected.items() if row[2])
    assert set(happened) == {outcome.name for outcome in OUTCOMES}
    assert not all(row[0] for row in expected.values())


def test_exposures_are_those_of_plain_loops(built):
    expected = oracle.exposures(built.told.world, built.told.searched, [1, 2], DAY)
    found = _by_key(
        built,
        2,
        "select entity_id, event_name, n_1d, n_2d, n_alive"
        " from int_aha_exposures inner join int_entrants using (entity_key)"
        f" where clock = '{built.told.searched.name}'",
    )
    assert found == expected
    assert sum(row[2] for row in expected.values()) > 20


def test_reach_counts_its_rows_by_week_and_plan(built):
    world = built.told.world
    expected: dict[tuple[Any, ...], Counter[str]] = {}
    for moment in moments(world):
        entries = oracle.entrants(world, moment.clock)
        for entity, row in oracle.reached(world, moment).items():
            keys: list[tuple[str | None, str | None]] = [(None, None)]
            if moment.name in ("once", "days", "bought_x"):
                keys.append(("plan", built.told.plan(entity, entries[entity])))
            for breakdown, value in keys:
                counts = expected.setdefault((moment.name, row.cohort, breakdown, value), Counter())
                counts["entrants"] += 1
                counts["matured"] += row.is_mature
                counts["matured_reached"] += row.is_mature and row.is_reached
                counts["reached"] += row.is_reached
                counts["open"] += not row.is_mature and not row.is_reached
                counts["not_reached"] += row.is_mature and not row.is_reached
    columns = ("entrants", "matured", "matured_reached", "reached", "open", "not_reached")
    found = _by_key(
        built, 4, f"select aha, cohort, breakdown, value, {', '.join(columns)} from rpt_aha_reach"
    )
    assert found == {
        key: tuple(counts[column] for column in columns) for key, counts in expected.items()
    }


def test_stuck_counts_matured_non_reachers(built):
    world = built.told.world
    expected: Counter[tuple[Any, ...]] = Counter()
    for moment in moments(world):
        for row in oracle.reached(world, moment).values():
            if row.is_mature and not row.is_reached:
                expected[moment.name, row.last_step, row.next_event] += 1
    found = _by_key(built, 3, "select aha, step, next_event, entities from rpt_aha_stuck")
    assert {key: row[0] for key, row in found.items()} == expected


def test_what_is_known_at_the_entry_is_what_funnels_know(built):
    in_funnel = g.rows(
        built.project,
        "select entity_id, value from fct_funnel_breakdowns where funnel = 'plain' order by all",
    )
    on_clock = (
        "select entity_id, value from int_entrant_values"
        " inner join int_entrants using (clock_no, entity_key)"
        " where clock = '{}' and breakdown = 'plan' order by all"
    )
    assert g.rows(built.project, on_clock.format("plain")) == in_funnel
    entries = oracle.entrants(built.told.world, PLAIN)
    assert dict(in_funnel) == {user: built.told.plan(user, us) for user, us in entries.items()}
    teams = oracle.entrants(built.told.world, TEAMS)
    assert {entity for entity, _ in g.rows(built.project, on_clock.format("teams"))} == set(teams)


TEN = """
observed_until: 2026-01-21
funnels: {f: {steps: [enter, aha], window: 14 days}}
aha_moments: {seen: {event: aha, within: 14 days, funnel: f}}
features: {looking: {events: aha}}
"""


@pytest.fixture(scope="module")
def ten(tmp_path_factory):
    """The example of the design: six mature, three of them reached; four open, two of them did."""
    opened = g.project(tmp_path_factory.mktemp("aha") / "ten", TEN)
    days = [(0, 3), (1, 9), (2, 13), (3, None), (4, None), (6, 14)]
    days += [(8, 2), (9, 5), (10, None), (11, None)]
    log = []
    for number, (entry, after) in enumerate(days):
        log.append(
            Event(f"e{number}", f"u{number}", event_name="enter", occurred_at=at(days=entry))
        )
        if after is not None:
            log.append(
                Event(
                    f"a{number}", f"u{number}", event_name="aha", occurred_at=at(days=entry + after)
                )
            )
    g.load(opened, "events", "events", log)
    g.build(opened)
    return opened


def test_ten_users_have_a_matured_reach_of_three_in_six(ten):
    # 14 days after the entry of the sixth is no longer in the window.
    counts = "matured, matured_reached, reached, open, not_reached"
    sums = ", ".join(f"sum({name})::int" for name in ("entrants", *counts.split(", ")))
    assert g.rows(ten, f"select {sums} from rpt_aha_reach") == [(10, 6, 3, 5, 2, 3)]


def test_retention_by_the_aha_moment_is_the_planted_one(marts, truth):
    rows = marts.execute("""
        select is_reached, count(*), count_if(happened)
        from fct_aha_moments inner join fct_outcomes using (entity_key)
        where aha = 'team_value' and outcome = 'retained_week_4' and fct_outcomes.is_mature
        group by is_reached
    """).fetchall()
    realised = truth["retention"]["realised"]
    assert {reached: counts for reached, *counts in rows} == {
        True: [realised["reachers"]["eligible"], realised["reachers"]["retained"]],
        False: [realised["others"]["eligible"], realised["others"]["retained"]],
    }


def test_exposures_tell_the_planted_decoy(marts, truth):
    decoy = truth["decoy"]
    rows = marts.execute(
        f"""
        select coalesce(n_{decoy["within_days"]}d, 0) >= $k, count(*), count_if(happened)
        from fct_outcomes
        left join int_aha_exposures as done
            on fct_outcomes.entity_key = done.entity_key and done.event_name = $event
        where outcome = 'retained_week_4' and is_mature
        group by all
        """,
        {"k": decoy["at_least"], "event": decoy["event"]},
    ).fetchall()
    assert {reached: counts for reached, *counts in rows} == {
        True: [decoy["reachers"]["eligible"], decoy["reachers"]["retained"]],
        False: [decoy["others"]["eligible"], decoy["others"]["retained"]],
    }


def test_the_planted_prerequisite_comes_right_before_every_outcome(marts, truth):
    retained = sum(each["retained"] for each in truth["retention"]["realised"].values())
    rows = marts.execute(
        "select event_name, entities, outcome_entities from int_aha_preceding"
        " inner join dim_outcomes using (outcome_no) where outcome = 'retained_week_4'"
    ).fetchall()
    assert rows == [(truth["prerequisite"]["event"], retained, retained)]


BEFORE = """
funnels: {f: {steps: [enter, done], window: 9 days}}
outcomes:
  done: {event: done, where: "ok > 0", after: 2 days, within: 3 days}
  second: {event: done, at_least: 2, after: 2 days, within: 3 days}
  spent: {event: done, sum: ok, at_least: 2, after: 2 days, within: 3 days}
  converted: {funnel: f, after: 2 days, within: 7 days}
  gone: {not: done}
event_properties: {ok: integer}
aha_search: {funnel: f, outcome: done, days: [1], alive: 1 day}
"""


@pytest.mark.parametrize("sessions", ["", "sessions: {idle: 10 minutes}"])
def test_what_came_right_before_is_of_the_same_session(tmp_path, sessions):
    opened = g.project(tmp_path / "before", BEFORE + sessions)
    minutes = {"ann": (1, "look"), "bob": (20, "look"), "cid": (40, "look"), "dan": (1, "tell")}
    log = []
    for user, (before, name) in minutes.items():
        told = '{"ok": 1}'
        log += [
            Event(f"{user}1", user, event_name="enter", occurred_at=at(hours=1)),
            Event(f"{user}2", user, event_name=name, occurred_at=at(hours=60, minutes=-before)),
            Event(f"{user}3", user, event_name="done", occurred_at=at(hours=60), properties=told),
            Event(f"{user}4", user, event_name="then", occurred_at=at(hours=60, minutes=1)),
            Event(f"{user}5", user, event_name="done", occurred_at=at(hours=60, minutes=2)),
            Event(f"{user}6", user, event_name="end", occurred_at=at(days=20)),
        ]
    # Another user's event between the two of bob.
    log.append(Event("zoe", "zoe", event_name="tell", occurred_at=at(hours=60, minutes=-2)))
    g.load(opened, "events", "events", log)
    g.build(opened)
    found = g.rows(
        opened,
        "select outcome, event_name, entities, outcome_entities from int_aha_preceding"
        " inner join dim_outcomes using (outcome_no) order by all",
    )
    # Without sessions 30 minutes are near enough; with them here 10.
    near = 1 if sessions else 2
    assert found == [
        ("converted", "look", near, 4),
        ("converted", "tell", 1, 4),
        ("done", "look", near, 4),
        ("done", "tell", 1, 4),
        ("second", "then", 4, 4),
    ]


def test_tables_are_made_of_what_is_declared_and_go_with_the_declaration(ten, tmp_path):
    tables = ("fct_outcomes", "rpt_aha_reach", "fct_feature_usage", "fct_wave_users")
    assert all(_is_there(ten, table) for table in tables)
    assert g.rows(ten, "select count(*) from fct_feature_usage") == [(6,)]
    opened = fk.open(shutil.copytree(ten.paths.root, tmp_path / "few"))
    for line in TEN.strip().splitlines()[2:]:
        opened = g.redefine(opened, line, "")
    g.build(opened)
    assert not any(_is_there(opened, table) for table in tables)
    assert g.rows(opened, "select count(*) from fct_funnel_journeys") == [(10,)]


def _is_there(opened, table):
    found = f"select count(*) from information_schema.tables where table_name = '{table}'"
    return g.rows(opened, found) == [(1,)]


def test_the_tables_of_a_part_are_those_of_its_models():
    models = ROOT / "dbt_project" / "models"
    made: dict[str, list[str]] = {}
    for file in sorted(models.rglob("*.sql")):
        found = re.match(
            r"\{\{ config\(enabled=funnelkit\.declares\('(\w+)'\)\) \}\}", file.read_text()
        )
        if found:
            made.setdefault(found[1], []).append(file.stem)
    text = (ROOT / "dbt_project" / "macros" / "project" / "declares.sql").read_text()
    listed = re.findall(r"'(\w+)': \{\s*'sections':.*?'tables': \[(.*?)\]", text, re.DOTALL)
    told = {part: sorted(re.findall(r"'(\w+)'", tables)) for part, tables in listed}
    assert told == {part: sorted(names) for part, names in made.items()}
    assert {len(names) > 5 for names in told.values()} == {True}


def test_definitions_built_are_those_that_are_shown(built_sample, marts):
    given = yaml.safe_load(
        (built_sample.paths.root / "dbt_project" / "dbt_project.yml").read_text()
    )
    plan = macros.aha_plan(given["vars"]["funnelkit"])
    rows = marts.execute(
        "select aha, definition_hash from dim_aha_moments union all"
        " select outcome, definition_hash from dim_outcomes union all"
        " select 'search', definition_hash from dim_aha_search"
    ).fetchall()
    assert dict(rows) == {
        **{each["name"]: macros.aha_hash(plan, each["no"]) for each in plan["moments"]},
        **{each["name"]: macros.outcome_hash(plan, each["no"]) for each in plan["outcomes"]},
        "search": macros.search_hash(plan),
    }
