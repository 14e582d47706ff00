"""What holds of every funnel over every log, whatever the numbers are."""

import random
from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings

from tests.funnel.kernel import ENGINES, by_kernel, counted, question
from tests.funnel.oracle import Outcome, Proof
from tests.funnel.strategies import (
    Funnel,
    Log,
    crowd,
    funnel,
    outcomes,
    plain_funnel,
    rules_of,
    seeds,
    write,
)
from tests.funnel.test_kernel import slow

COUNTS = ("entered", "reached", "open", "lost", "matured", "matured_reached")
few = settings(slow, max_examples=8)


@pytest.mark.parametrize("engine", [*ENGINES, "array"])
@settings(slow, max_examples=15)
@given(seed=seeds)
def test_counts_add_up(tmp_path, engine, seed):
    chance = random.Random(seed)
    asked, log = (plain_funnel if engine == "array" else funnel)(chance), crowd(chance)
    write(tmp_path / "log.csv", log)
    found = counted(question(tmp_path / "log.csv", asked, engine, lean=True))
    told = {row["step"]: {name: row[name] for name in COUNTS} for row in found}
    assert told == _counts(asked, outcomes(log, asked))
    rules = rules_of(asked)
    for step, following in pairwise(rules.required):
        row = told[following]
        if rules.whole_window is None:
            assert told[step]["reached"] >= row["reached"]
        else:
            assert told[step]["reached"] == row["reached"] + row["open"] + row["lost"]


def _counts(asked: Funnel, found: Mapping[str, Outcome]) -> dict[int, dict[str, int | None]]:
    """The oracle's journeys, counted: a step is reached by those who have a proof row of it."""
    rules = rules_of(asked)
    journeys = [one for each in found.values() for one in each.journeys.values()]
    matured = [one for one in journeys if one.is_mature]
    counts: dict[int, dict[str, int | None]] = {}
    for step in range(1, rules.steps + 1):
        before = max((k for k in rules.required if k < step), default=0)
        stopped = [one for one in journeys if one.level == before]
        of_window = {
            "open": None if step in rules.optional else sum(bool(one.is_open) for one in stopped),
            "lost": None if step in rules.optional else sum(not one.is_open for one in stopped),
            "matured": len(matured),
            "matured_reached": sum(
                _has(one.proofs.get("mature", one.proofs["all"]), step) for one in matured
            ),
        }
        counts[step] = {
            "entered": len(journeys),
            "reached": sum(_has(one.proofs["all"], step) for one in journeys),
            **(dict.fromkeys(of_window) if rules.whole_window is None else of_window),
        }
    return counts


def _has(proof: Proof, step: int) -> bool:
    return any(row[0] == step for row in proof)


@settings(few)
@given(seed=seeds)
def test_neither_the_order_of_lines_nor_a_copy_changes_anything(tmp_path, seed):
    chance = random.Random(seed)
    asked, log = funnel(chance), crowd(chance)
    write(tmp_path / "log.csv", log)
    write(tmp_path / "mixed.csv", log, mixed=chance)
    found = by_kernel(tmp_path / "log.csv", asked)
    assert by_kernel(tmp_path / "mixed.csv", asked) == found


@settings(few)
@given(seed=seeds)
def test_a_log_without_ids_neither(tmp_path, seed):
    chance = random.Random(seed)
    asked, log = funnel(chance), crowd(chance)
    write(tmp_path / "log.csv", log, ids=False)
    write(tmp_path / "mixed.csv", log, mixed=chance, ids=False)
    one, other = (counted(question(tmp_path / name, asked)) for name in ("log.csv", "mixed.csv"))
    assert one == other


@settings(few)
@given(seed=seeds)
def test_strict_reaches_at_most_ordered_and_ordered_at_most_any(tmp_path, seed):
    chance = random.Random(seed)
    asked = {**_plain(funnel(chance)), "entry": chance.choice(["first", "best"])}
    anchored = {"anchor_first": True} if asked["entry"] == "first" else {}
    _ascending(
        tmp_path,
        crowd(chance),
        {**asked, "order": "strict"},
        {**asked, "order": "ordered"},
        {**asked, "order": "any", **anchored},
    )


def _plain(asked: Funnel) -> dict[str, Any]:
    """What every order allows."""
    kept = {key: asked[key] for key in ("window", "hold") if key in asked}
    return {**kept, "steps": [step for step in asked["steps"] if not step.get("optional")]}


@settings(few)
@given(seed=seeds)
def test_level_grows_with_the_window_and_with_best(tmp_path, seed):
    chance = random.Random(seed)
    asked = {**_by_attempt(funnel(chance)), "entry": "first"}
    wider = {**asked, "window": "4 s"}
    _ascending(
        tmp_path, crowd(chance), {**asked, "window": "2 s"}, wider, {**wider, "entry": "best"}
    )


@settings(few)
@given(seed=seeds)
def test_a_rule_only_takes_away(tmp_path, seed):
    chance = random.Random(seed)
    full = _by_attempt(funnel(chance, ("ordered",)))
    full = {**full, "entry": "best", "window": "5 s", "step_window": "2 s", "hold": ["space"]}
    full = {**full, "strict_increase": True, "row_reuse": False}
    full.setdefault("exclude", ["x"])
    rules = ["step_window", "strict_increase", "exclude"]
    chance.shuffle(rules)
    ladder = [full]
    for rule in [*rules, "hold"]:  # it spares a chain the exclusions of other lanes: last
        ladder.append({key: value for key, value in ladder[-1].items() if key != rule})
    _ascending(tmp_path, crowd(chance), *ladder, {**ladder[-1], "row_reuse": True})


def _by_attempt(asked: Funnel) -> dict[str, Any]:
    """The funnel counting entities, with no exclusion that makes one leave."""
    exclude = [
        each if isinstance(each, str) else {**each, "scope": "attempt"}
        for each in asked.get("exclude", [])
    ]
    kept = {key: value for key, value in asked.items() if key not in ("count", "exclude")}
    return {**kept, "exclude": exclude} if exclude else kept


def _ascending(tmp_path: Path, log: Log, *funnels: Funnel) -> None:
    """Fails unless every entity comes at least as deep in each funnel as in the one before."""
    write(tmp_path / "log.csv", log)
    found = [by_kernel(tmp_path / "log.csv", each) for each in funnels]
    for i, (one, other) in enumerate(pairwise(found)):
        for name, outcome in one.items():
            level, more = (each.journeys[None].level for each in (outcome, other[name]))
            assert level <= more, (name, funnels[i], funnels[i + 1])


@settings(slow, max_examples=15)
@given(seed=seeds)
def test_every_kernel_gives_the_same_rows_times_included(tmp_path, seed):
    chance = random.Random(seed)
    asked, log = plain_funnel(chance), crowd(chance)
    if chance.random() < 0.3:  # without a window the times are those of everybody
        asked = {key: rule for key, rule in asked.items() if "window" not in key}
    path = tmp_path / "log.csv"
    write(path, log, ids=False)
    lean, whole, asof, windows = (
        counted(question(path, asked, engine, lean=lean))
        for engine, lean in (
            ("array", True),
            ("array", False),
            ("duckdb", False),
            ("default", False),
        )
    )
    assert lean == whole == asof == windows
