"""ASOF = window functions = array kernel = exhaustive chain search, proof rows included."""

import random
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, find, given, settings

from funnelkit.warehouse import stream
from tests.funnel.cases import CASES, Case, funnel_of, history
from tests.funnel.kernel import ENGINES, by_kernel, difference, without_events
from tests.funnel.oracle import depth, forward_ladder
from tests.funnel.strategies import (
    crowd,
    funnel,
    outcomes,
    plain_funnel,
    rows_of,
    rules_of,
    seeds,
    span,
    write,
)

slow = settings(
    deadline=None,
    # A case comes from one number: there is nothing to shrink.
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.mark.parametrize("engine", ENGINES)
@settings(slow, max_examples=60)
@given(seed=seeds)
def test_kernel_equals_the_exhaustive_search(tmp_path, engine, seed):
    chance = random.Random(seed)
    asked, log, entries = funnel(chance), crowd(chance), span(chance)
    write(tmp_path / "log.csv", log)
    found = by_kernel(tmp_path / "log.csv", asked, engine, entries)
    told = difference(log, asked, outcomes(log, asked, entries), found)
    if told:
        pytest.fail(f"entries {entries} of {told}")


@settings(slow, max_examples=60)
@given(seed=seeds)
def test_array_kernel_equals_the_exhaustive_search(tmp_path, monkeypatch, seed):
    chance = random.Random(seed)
    asked, log, entries = plain_funnel(chance), crowd(chance), span(chance)
    # In several parts, as a log of many millions is.
    monkeypatch.setattr(stream, "CHUNK_ROWS", chance.choice([20, 4_000_000]))
    write(tmp_path / "log.csv", log)
    found = by_kernel(tmp_path / "log.csv", asked, "array", entries)
    searched = outcomes(log, asked, entries)
    expected = {name: without_events(outcome) for name, outcome in searched.items()}
    told = difference(log, asked, expected, found)
    if told:
        pytest.fail(f"entries {entries} of {told}")


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_rules_one_by_one(tmp_path, case: Case):
    write(tmp_path / "log.csv", case.log())
    case.check(by_kernel(tmp_path / "log.csv", case.funnel))


# --- the mutant: a forward ladder, "the earliest next row"

LADDER_FAILS = [
    # The first entry runs out of time; the second converts.
    ("a0 a5 b6 c7", funnel_of("a b c", window="3 s", entry="best")),
    # From the first b the gap is too long, from the second it is not.
    ("a0 b1 b4 c6", funnel_of("a b c", step_window="4 s")),
    # What stands behind the first b stands before the second.
    (
        "a0 b1 x2 b3 c4",
        funnel_of("a b c", exclude=[{"event": "x", "from": "s2", "to": "s3"}]),
    ),
]


@pytest.mark.parametrize(("text", "asked"), LADDER_FAILS)
def test_a_forward_ladder_fails_where_the_kernel_does_not(tmp_path, text: str, asked: Any):
    log = [history(text)]
    write(tmp_path / "log.csv", log)
    assert by_kernel(tmp_path / "log.csv", asked)["u0"].journeys[None].level == 3
    assert depth(rows_of(log[0], asked), rules_of(asked)) == 3
    assert forward_ladder(rows_of(log[0], asked), rules_of(asked)) < 3


HAS_RULE = {
    "best": lambda asked: asked.get("entry") == "best",
    "step_window": lambda asked: "step_window" in asked,
    "exclude": lambda asked: bool(asked["exclude"]),
}


def _finds_ladder_out(seed: int, rule: str) -> bool:
    """Whether this case of the property test has the rule, and an entity that tells them apart."""
    chance = random.Random(seed)
    asked, log, entries = funnel(chance), crowd(chance), span(chance)
    if asked["order"] != "ordered" or not HAS_RULE[rule](asked):
        return False
    rules = rules_of(asked, *entries)
    histories = (rows_of(events, asked) for events in log)
    return any(forward_ladder(rows, rules) != depth(rows, rules) for rows in histories)


@pytest.mark.parametrize("rule", HAS_RULE)
def test_the_property_test_would_find_the_ladder_out(rule):
    within = settings(slow, max_examples=60, database=None)
    find(seeds, lambda seed: _finds_ladder_out(seed, rule), settings=within)
