"""Features, waves and what was said held against what was done, as dbt builds them, against plain
loops over the log.
"""

from collections import Counter
from typing import Any, NamedTuple

import pytest

from funnelkit.api import Project
from funnelkit.warehouse import macros
from tests.dbt import growing as g
from tests.dbt import say_oracle as oracle
from tests.dbt import say_worlds as worlds
from tests.dbt.growing import Event, at

SEEDS = [pytest.param(seed, marks=[pytest.mark.long] * (seed > 0)) for seed in range(12)]


class Built(NamedTuple):
    world: oracle.World
    project: Project

    def by_key(self, keys: int, sql: str) -> dict[Any, Any]:
        """Rows by their first columns."""
        rows = g.rows(self.project, sql)
        found = {row[0] if keys == 1 else row[:keys]: row[keys:] for row in rows}
        assert len(found) == len(rows)
        return found


@pytest.fixture(scope="module", params=SEEDS)
def built(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Built:
    world = worlds.world(request.param)
    return Built(world, worlds.build(world, tmp_path_factory.mktemp("say")))


def test_feedback_is_heard_as_declared(built):
    found = built.by_key(
        1,
        "select response_id, kind, feature, user_id, respondent, user_key is null, customer_id,"
        " wave, opinion, problem, epoch_us(submitted_at) from fct_feedback",
    )
    assert found == {
        id_: (
            each.kind,
            each.feature,
            each.answer.user,
            oracle.respondent(each.answer),
            each.user is None,
            None if each.user is None else built.world.customer(each.user),
            each.wave,
            each.opinion,
            each.problem,
            each.answer.us,
        )
        for id_, each in oracle.heard(built.world).items()
    }
    opinions = Counter(each.opinion for each in oracle.heard(built.world).values())
    assert set(opinions) == {"like", "neutral", "dislike", None}
    assert {"response 7", "response 8:8", "response 9:other", "response nwhy", "who"} <= {
        respondent for _, _, _, respondent, *_ in found.values()
    }


def test_say_and_do_are_those_of_plain_loops(built):
    pairs = oracle.say_do(built.world)
    found = built.by_key(
        3,
        "select response_id, feature, aims, opinion, days, events, left_out from fct_say_do",
    )
    assert found == {key: tuple(pair) for key, pair in pairs.items()}
    assert len({pair.left_out for pair in pairs.values()}) == 5
    assert sum(pair.days > 0 for pair in pairs.values()) > 20
    assert {key[2] for key in pairs} == {"attitude", "intent", "text"}


def test_claims_are_held_against_the_same_window(built):
    found = built.by_key(1, "select response_id, said, logged, left_out from fct_claims")
    assert found == oracle.claims(built.world)
    assert {row[2] for row in found.values()} == {None, "window open"}
    assert sum(row[1] > 0 for row in found.values()) > 5


def test_waves_are_looked_at_as_of_their_reference(built):
    found = built.by_key(
        1, "select wave, epoch_us(reference_at), answers, respondents from dim_waves"
    )
    said = [each for each in oracle.heard(built.world).values() if each.wave is not None]
    assert found == {
        wave: (
            us,
            sum(each.wave == wave for each in said),
            len({each.user for each in said if each.wave == wave and each.user is not None}),
        )
        for wave, us in oracle.references(built.world).items()
    }
    # Numbers follow time.
    assert g.rows(built.project, "select wave from dim_waves order by wave_no") == g.rows(
        built.project, "select wave from dim_waves order by reference_at"
    )


def test_the_frame_is_everybody_known(built):
    found = built.by_key(
        2,
        "select wave, user_id, account_id, customer_id, tenure_days, active_days, aha_reached,"
        " revenue_cents from fct_wave_users",
    )
    expected = oracle.frame(built.world)
    assert found == expected
    if built.world.kind == "declared":  # others have few users in few waves
        assert {row[4] for row in expected.values()} == {True, False}
        assert len({row[5] for row in expected.values()}) > 2


def test_customers_are_those_of_the_frame_and_of_who_answered_besides(built):
    users: Counter[tuple[str, object]] = Counter()
    cents = {}
    for (wave, _), row in oracle.frame(built.world).items():
        users[wave, row[1]] += 1
        cents[wave, row[1]] = row[5]
    last: dict[tuple[str, str], int] = {}
    for each in oracle.heard(built.world).values():
        if each.wave is not None and each.user is not None:
            key = each.wave, built.world.customer(each.user)
            if key not in users:
                last[key] = max(last.get(key, 0), each.answer.us)
    for key, us in last.items():
        users[key] = 0
        cents[key] = built.world.cents(key[1], us)
    found = built.by_key(
        2,
        "select wave, customer_id, users, revenue_cents from dim_customers_at"
        " inner join dim_waves using (wave_no)",
    )
    assert found == {key: (count, cents[key]) for key, count in users.items()}


def test_usage_of_everybody_is_that_of_plain_loops(built):
    found = built.by_key(
        3,
        "select wave, feature, user_id, days from fct_wave_usage"
        " inner join dim_waves using (wave_no) inner join dim_users using (user_key)",
    )
    expected = oracle.wave_usage(built.world)
    assert {key: row[0] for key, row in found.items()} == expected
    assert len({key[1] for key in expected}) > 1


def test_access_is_for_the_whole_window(built):
    found = g.rows(
        built.project,
        "select wave, feature, user_id from fct_wave_access inner join dim_waves using (wave_no)"
        " inner join dim_features using (feature_no) inner join dim_users using (user_key)",
    )
    expected = oracle.wave_access(built.world)
    assert len(found) == len(set(found))
    assert set(found) == expected
    assert expected
    assert len(expected) < 4 * len(oracle.frame(built.world))


def test_values_are_those_of_the_time(built):
    said = built.by_key(2, "select response_id, breakdown, value from fct_answer_values")
    assert {key: row[0] for key, row in said.items()} == oracle.values(built.world)
    known = built.by_key(
        3,
        "select wave, user_id, breakdown, value from fct_wave_values"
        " inner join dim_waves using (wave_no) inner join dim_users using (user_key)",
    )
    assert {key: row[0] for key, row in known.items()} == oracle.wave_values(built.world)


def test_usage_counts_every_event_of_a_feature(built):
    world = built.world
    expected: Counter[tuple[str, str, Any]] = Counter()
    for feature in world.features:
        for event in world.log:
            if event.user not in world.excluded and feature.match(event):
                expected[feature.name, event.user, world.date(event.us)] += 1
    found = built.by_key(3, "select feature, user_id, used_on, events from fct_feature_usage")
    assert {key: row[0] for key, row in found.items()} == expected


def test_a_project_that_declares_nothing_has_what_was_said(tmp_path):
    opened = g.project(tmp_path / "none", "funnels: {f: {steps: [a, b], window: 1 day}}")
    g.load(opened, "events", "events", [Event("1", "ann", occurred_at=at(hours=1))])
    g.load(opened, "feedback", "said", [g.Answer("r", "ann", at(hours=2), "nps", "9")])
    assert opened.dbt(["build", "--quiet"]) == 0
    # In one wave of all; its kind is not told.
    assert g.rows(opened, "select wave, opinion from fct_feedback") == [("all", None)]
    assert g.rows(opened, "select wave, answers, respondents from dim_waves") == [("all", 1, 1)]


def test_definitions_built_are_those_that_are_shown(built_sample, marts):
    plan = macros.say_plan(built_sample.variables)
    rows = marts.execute("select feature, definition_hash from dim_features").fetchall()
    assert dict(rows) == {
        each["name"]: macros.feature_hash(plan, each["no"]) for each in plan["features"]
    }
