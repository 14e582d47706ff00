"""The search keeps its promises in worlds whose truth is known: a few seeds always, many if asked.

docs/aha-evidence.md holds the figures of the same runs.
"""

import os

import pytest

from tests.jobs import simulate
from tests.jobs.generators import AHA, truth

WORKERS = os.cpu_count() or 1
# What half a thousand draws promise, a handful can only not contradict.
FEW = 6


def test_a_few_worlds_without_relations_accept_nothing():
    assert simulate.accepting(simulate.runs("null", 1000, FEW)) == 0


def test_a_few_planted_behaviours_are_accepted():
    found = simulate.runs("planted", simulate.SOME, FEW)
    assert min(each.alive for each in found) >= 2000
    assert simulate.accepting_special(found) == FEW
    put, covered = simulate.covering(found, simulate.cells_truth("planted", found, 200_000))
    assert put == FEW
    assert covered >= FEW - 2  # fewer has a chance of 0.002


def test_a_few_decoys_go_with_activity():
    found = simulate.runs("decoy", simulate.MANY, 2)
    assert min(each.alive for each in found) >= 5000
    assert [each.verdict for each in found] == ["goes with activity"] * 2


@pytest.mark.parametrize("trap", ["window", "survivor"])
def test_a_few_traps_are_not_accepted(trap):
    assert simulate.accepting_special(simulate.runs(trap, simulate.SOME, FEW)) == 0


def test_the_planted_effect_is_as_large_as_said():
    assert truth("planted", 0, [AHA], 200_000)[AHA] >= 0.20


@pytest.mark.long
@pytest.mark.parametrize("n", [200, 1000, 5000])
def test_nothing_related_is_accepted_in_at_most_5_of_200(n):
    found = simulate.runs("null", n, 200, WORKERS)
    assert simulate.accepting(found) <= 5
    assert 3 <= simulate.discovering(found) <= 19


@pytest.mark.long
def test_a_hundred_are_never_enough():
    found = simulate.runs("null", 100, 200, WORKERS)
    assert {verdict for each in found for verdict in each.verdicts} == {"not enough"}


@pytest.mark.long
def test_null_of_one_world_accepts_in_at_most_5_of_200():
    found = simulate.null_of_planted()
    assert found.accepted_runs <= 5
    assert 3 <= found.discovery_runs <= 19


@pytest.mark.long
@pytest.mark.parametrize("world", ["planted", "slope"])
def test_what_works_is_accepted_and_its_interval_covers(world):
    found = simulate.runs(world, simulate.SOME, 400, WORKERS)
    assert min(each.alive for each in found) >= 2000
    assert simulate.accepting_special(found[:100]) >= 95
    put, covered = simulate.covering(found, simulate.cells_truth(world, found))
    assert put >= 380
    assert covered >= 370 * put / 400


@pytest.mark.long
def test_the_decoy_is_accepted_in_at_most_3_of_100():
    found = simulate.runs("decoy", simulate.MANY, 100, WORKERS)
    assert min(each.alive for each in found) >= 5000
    assert simulate.accepting_special(found) <= 3
    assert sum(each.verdict == "goes with activity" for each in found) >= 97


@pytest.mark.long
@pytest.mark.parametrize("trap", ["window", "survivor"])
def test_traps_are_accepted_in_at_most_5_of_100(trap):
    found = simulate.runs(trap, simulate.MANY, 100, WORKERS)
    assert simulate.accepting_special(found) <= 5


@pytest.mark.long
def test_the_committed_figures_are_those_of_this_program():
    committed = simulate.PAGE.read_text("utf-8")
    assert simulate.report(WORKERS) == committed
