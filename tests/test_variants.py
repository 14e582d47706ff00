"""`--sensitivity`: which other rules a funnel could have had, and whose level they change."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from funnelkit.api import Project
from funnelkit.results.rerun import rerun
from funnelkit.results.variants import tried, variants
from funnelkit.results.view import Bounds, View
from funnelkit.warehouse.explore import journeys
from funnelkit.warehouse.explore_log import Question
from funnelkit.warehouse.macros import funnel_specs

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

STEPS = ["a", "b", "c"]
DAY = 86_400_000_000


def spec(**rules: Any) -> dict[str, Any]:
    (found,) = funnel_specs({"f": {"steps": STEPS, **rules}})
    return found


def changed(**rules: Any) -> list[tuple[str, str]]:
    return [(each.rule, each.variant) for each in variants(spec(**rules))]


def test_every_rule_is_tried_the_other_way():
    assert changed(window="2 days") == [
        ("entry", "best"),
        ("ties", "simultaneous events do not count"),
        ("row reuse", "one event may fill several steps"),
        ("window", "half: 1 day"),
        ("window", "twice: 4 days"),
        ("window", "none"),
        ("order", "strict"),
        ("order", "any, from its first step"),
    ]


@pytest.mark.parametrize(
    ("rules", "left_out"),
    [
        ({"order": "strict"}, {("row reuse", "one event may fill several steps")}),
        ({"step_window": "1 day"}, {("order", "any, from its first step"), ("window", "none")}),
        ({"exclude": ["x"]}, {("order", "any, from its first step")}),
        ({"row_reuse": True}, {("order", "strict"), ("order", "any, from its first step")}),
        ({"count": "entries"}, {("entry", "best"), ("entry", "first")}),
        ({}, {("window", "none")}),
    ],
)
def test_what_the_rules_refuse_is_left_out(rules, left_out):
    assert not left_out & set(changed(**rules))


def test_windows_and_exclusions_have_their_own_variants():
    both = list(variants(spec(window="3 days", step_window="1 day")))
    assert [(each.variant, each.spec["window_us"]) for each in both if each.rule == "window"] == [
        ("half: 36 hours", 1.5 * DAY),
        ("twice: 6 days", 6 * DAY),
        ("only that of the steps: 2 days", 2 * DAY),
    ]
    (without,) = [each for each in both if each.rule == "step window"]
    assert (without.spec["step_window_us"], without.spec["window_us"]) == (None, 3 * DAY)
    exclude = ["x", {"event": ["y", "z"], "scope": "entity"}]
    assert [each for each in changed(exclude=exclude) if each[0] == "exclude"] == [
        ("exclude", "x: scope entity"),
        ("exclude", "y|z: scope attempt"),
        ("exclude", "none"),
    ]
    assert [each for each in changed(order="any") if each[0] in ("order", "ties")] == [
        ("order", "any, from its first step"),
        ("order", "ordered"),
        ("order", "strict"),
    ]


def test_every_variant_is_a_funnel_that_the_rules_accept():
    from funnelkit.project.rules import conflicts

    for rules in ({}, {"order": "any"}, {"order": "strict"}, {"exclude": ["x"]}, {"hold": ["n"]}):
        for each in variants(spec(window="2 days", **rules)):
            written = {**each.spec, "step_window": each.spec["step_window_us"]}
            for key in ("steps", "exclude", "breakdowns"):
                written[key] = list(range(len(each.spec[key])))
            if each.spec["count"] == "entities":
                assert list(conflicts(written)) == [], each


LOG = """\
user_id,event_name,occurred_at
tie,a,2026-01-01T00:00:00Z
tie,b,2026-01-01T00:00:00Z
tie,c,2026-01-02T00:00:00Z
slow,a,2026-01-01T00:00:00Z
slow,b,2026-01-02T00:00:00Z
slow,c,2026-01-04T00:00:00Z
again,a,2026-01-01T00:00:00Z
again,a,2026-01-05T00:00:00Z
again,b,2026-01-06T00:00:00Z
again,c,2026-01-07T00:00:00Z
other,a,2026-01-01T00:00:00Z
other,x,2026-01-01T01:00:00Z
other,b,2026-01-01T02:00:00Z
other,c,2026-01-01T03:00:00Z
z,z,2026-03-01T00:00:00Z
"""


@contextmanager
def over(log: Path, changed: Any) -> "Iterator[DuckDBPyConnection]":
    with journeys(Question([str(log)], changed, {})) as (con, _):
        yield con


def test_whose_level_changes_is_counted_by_entity(tmp_path: Path):
    log = tmp_path / "log.csv"
    log.write_text(LOG)
    found = {
        (each.rule, each.variant): (each.matured_reached, each.changed, each.gained, each.lost)
        for each in tried(spec(window="2 days"), lambda changed: over(log, changed))
    }
    # As defined: tie, other convert; slow gets to b, again nowhere.
    assert found == {
        ("as defined", ""): (2, 0, 0, 0),
        ("entry", "best"): (3, 1, 1, 0),  # again
        ("ties", "simultaneous events do not count"): (1, 1, 0, 1),  # tie
        ("row reuse", "one event may fill several steps"): (2, 0, 0, 0),
        ("window", "half: 1 day"): (2, 0, 0, 0),  # slow's b and tie's c come after just a day
        ("window", "twice: 4 days"): (3, 1, 1, 0),  # slow
        ("window", "none"): (None, 2, 2, 0),  # slow, again
        ("order", "strict"): (1, 1, 0, 1),  # other
        ("order", "any, from its first step"): (2, 0, 0, 0),
    }


def test_whom_an_exclusion_takes_out_is_counted(tmp_path: Path):
    log = tmp_path / "log.csv"
    log.write_text(LOG)
    asked = spec(window="2 days", exclude=[{"event": "x", "scope": "entity"}])
    found = tried(asked, lambda changed: over(log, changed))
    # Only `other` has an x on its way; it leaves, unless the exclusion ends just its attempt.
    assert (found[0].excluded, found[0].entered) == (1, 3)
    told = {each.variant: (each.excluded, each.entered) for each in found if each.rule == "exclude"}
    assert told == {"x: scope attempt": (0, 4), "none": (0, 4)}


def test_whom_an_exclusion_takes_out_is_told_beside_other_rules(built_sample: Project):
    defined = built_sample.variables["funnels"]["activation"]
    exclude = [{"event": "template_browsed", "scope": "entity"}]
    (asked,) = funnel_specs({"activation": {**defined, "exclude": exclude}})
    plain, other = (
        rerun(built_sample.paths.warehouse, asked, view, Bounds(), built_sample.variables)
        for view in (View(), View(sensitivity=True))
    )
    left = plain.meta["excluded_entities"]
    assert other.meta["excluded_entities"] == left > 0
    assert f"Excluded: {left:,} users left the funnel (scope: entity)." in other.notes


def test_the_sample_under_other_rules(built_sample: Project):
    table = built_sample.funnel("activation", sensitivity=True)
    rows = {(row["rule"], row["variant"]): row for row in table.records()}
    defined = built_sample.funnel("activation").records()[-1]
    first = table.records()[0]
    assert [first[name] for name in ("entered", "matured", "matured_reached", "conversion")] == [
        defined[name] for name in ("entered", "matured", "matured_reached", "conversion")
    ]
    best = built_sample.funnel("activation", entry="best")
    assert rows["entry", "best"]["matured_reached"] == best.records()[-1]["matured_reached"]
    assert best.meta["definition_hash"] != table.meta["definition_hash"]
    assert rows["order", "strict"]["gained"] == 0
    assert rows["order", "any, from its first step"]["lost"] == 0
    ranged = built_sample.funnel("activation", sensitivity=True, since="2026-02-01")
    assert ranged.meta["restricted_to"] == ["Entries from 2026-02-01 on (Europe/Berlin)."]
