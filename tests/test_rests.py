"""What reports rest on without showing it, by the sample's own definitions."""

import copy
from pathlib import Path

import pytest

import funnelkit as fk
from funnelkit.results.rests import rests_on
from funnelkit.warehouse.macros import funnel_specs

PROJECT = Path(__file__).parents[1] / "dbt_project"


@pytest.fixture(scope="module")
def sample():
    return fk.open(PROJECT).variables


def behind(definitions, slug, shown=()):
    idle = (definitions.get("sessions") or {}).get("idle")
    specs = funnel_specs(definitions["funnels"], idle)
    found = rests_on(definitions["reports"][slug], specs, definitions, shown)
    return {each.name: each.definition_hash for each in found}


def test_each_report_names_what_it_does_not_show(sample):
    assert behind(sample, "activation") == {}
    assert [*behind(sample, "aha")] == ["activation"]
    assert "activation" in behind(sample, "say_do")
    assert [*behind(sample, "scorecard")] == ["activation", "say and do"]
    assert behind(sample, "aha", ["activation"]) == {}


@pytest.mark.parametrize("slug", ["aha", "say_do", "scorecard"])
def test_a_funnel_behind_it_has_another_hash_once_it_changes(slug, sample):
    changed = copy.deepcopy(sample)
    changed["funnels"]["activation"]["window"] = "10 days"
    before, after = (behind(each, slug) for each in (sample, changed))
    assert {name for name in before if before[name] != after[name]} == {"activation"}


def test_what_is_asked_is_behind_a_scorecard(sample):
    changed = copy.deepcopy(sample)
    changed["feedback"]["weights"] = {"by": ["channel"]}
    before, after = (behind(each, "scorecard") for each in (sample, changed))
    assert before["say and do"] != after["say and do"]
