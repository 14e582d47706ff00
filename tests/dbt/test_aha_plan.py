"""What dbt's macro makes of outcomes, aha moments and the search, and what it refuses."""

import datetime as dt
from typing import Any

import pytest

from funnelkit.errors import FunnelkitError
from funnelkit.warehouse import macros
from tests.dbt.aha_oracle import DAY

GIVEN: dict[str, Any] = {
    "timezone": "Europe/Berlin",
    "event_properties": {"item": "varchar", "amount": "integer"},
    "user_properties": {"plan": "varchar", "channel": "varchar"},
    "funnels": {
        "f": {
            "steps": ["a", "b"],
            "window": "5 days",
            "breakdowns": ["plan", {"property": "item", "at": "b"}],
        },
        "teams": {"steps": ["a", "b"], "window": "5 days", "entity": "account_id"},
    },
    "outcomes": {
        "back": {"event": ["y", "x"], "after": "21 days", "within": "7 days"},
        "bought": {"funnel": "f", "after": "3 days", "within": "14 days"},
        "gone": {"not": "back"},
    },
    "aha_moments": {
        "m": {"event": "x", "within": "7 days", "outcome": "back", "funnel": "f"},
    },
    "aha_search": {"funnel": "f", "outcome": "back"},
}


def changed(section: str, *path: str, **values: Any) -> dict[str, Any]:
    """GIVEN with some keys of a mapping set, or left out where None."""

    def copied(value: Any, keys: tuple[str, ...]) -> Any:
        if keys:
            return {**value, keys[0]: copied(value.get(keys[0], {}), keys[1:])}
        both = {**value, **values}
        return {key: each for key, each in both.items() if each is not None}

    return {**GIVEN, section: copied(GIVEN[section], path)}


def test_defaults_are_filled_in():
    plan = macros.aha_plan(GIVEN)
    (moment,) = plan["moments"]
    assert (moment["at_least"], moment["counted"], moment["property"]) == (1, "events", None)
    assert moment["breakdowns"] == ["plan"]  # of the funnel's, what is known at the entry
    search = plan["search"]
    assert (search["counts"], search["days"]) == ([1, 2, 3, 5, 7, 10], [1, 3, 7, 14])
    assert (search["xmax_us"], search["landmark_us"]) == (14 * DAY, 21 * DAY)
    # The interval of a conversion ends with the funnel's window.
    assert [each["within_us"] for each in plan["outcomes"]] == [7 * DAY, 2 * DAY, 7 * DAY]
    assert [each["negated"] for each in plan["outcomes"]] == [False, False, True]


def test_an_outcome_of_a_funnel_is_paired_with_clocks_of_its_entity():
    plan = macros.aha_plan(GIVEN)
    clocks = [clock["name"] for clock in plan["clocks"]]
    assert clocks == ["f", "teams"]
    pairs = {
        (clocks[pair["clock_no"]], plan["outcomes"][pair["outcome_no"]]["name"])
        for pair in plan["pairs"]
    }
    assert pairs == {
        ("f", "back"),
        ("f", "bought"),
        ("f", "gone"),
        ("teams", "back"),
        ("teams", "gone"),
    }


def test_a_clock_of_its_own_is_one_however_it_is_written():
    own = {"event": "x", "within": "1 day", "entity": "user_id"}
    given = {
        **GIVEN,
        "aha_moments": {
            "one": {**own, "entry": ["b", "a"]},
            "two": {**own, "entry": {"event": ["a", "b"]}},
            "three": {**own, "entry": {"event": ["a", "b"], "where": "item = 'x'"}},
        },
    }
    plan = macros.aha_plan(given)
    assert [clock["name"] for clock in plan["clocks"][2:]] == [
        "user_id: a|b",
        "user_id: a|b where item = 'x'",
    ]
    assert [moment["clock_no"] for moment in plan["moments"]] == [2, 2, 3]


def test_without_a_declaration_there_is_no_clock():
    plan = macros.aha_plan({"funnels": GIVEN["funnels"]})
    assert (plan["clocks"], plan["pairs"], plan["moments"]) == ([], [], [])
    assert plan["search"] is None


REFUSED = {
    "after is missing": changed("outcomes", "back", after=None),
    "a misspelt key": changed("outcomes", "back", evnt="x"),
    "no fixed length": changed("outcomes", "back", within="2 months"),
    "not a duration": changed("outcomes", "back", within="14 dyas"),
    "nothing of time": changed("outcomes", "back", within="0 days"),
    "event and funnel": changed("outcomes", "back", funnel="f"),
    "neither": changed("outcomes", "back", event=None),
    "at least none": changed("outcomes", "back", at_least=0),
    "at least true": changed("outcomes", "back", at_least=True),
    "sum of nothing known": changed("outcomes", "back", sum="amont", at_least=5),
    "sum of text": changed("outcomes", "back", sum="item", at_least=5),
    "sum of how much": changed("outcomes", "back", sum="amount"),
    "where of a funnel": changed("outcomes", "bought", where="true"),
    "no such funnel": changed("outcomes", "bought", funnel="g"),
    "begins after the window": changed("outcomes", "bought", after="5 days"),
    "not of nothing": changed("outcomes", "gone", **{"not": "bak"}),
    "not of itself": changed("outcomes", "gone", **{"not": "gone"}),
    "not of a not": changed("outcomes", "left", **{"not": "gone"}),
    "not and more": changed("outcomes", "gone", after="1 day"),
    "not of a not within": changed("outcomes", "gone", **{"not": {"not": "back"}}),
    "an outcome of text": {**GIVEN, "outcomes": {**GIVEN["outcomes"], "odd": "x"}},
    "a misspelt key of a moment": changed("aha_moments", "m", atleast=3),
    "no event": changed("aha_moments", "m", event=None),
    "no window": changed("aha_moments", "m", within=None),
    "longer than until the outcome": changed("aha_moments", "m", within="22 days"),
    "counts what": changed("aha_moments", "m", count="weeks"),
    "distinct of what": changed("aha_moments", "m", count={"distinct": "itm"}),
    "a fraction": changed("aha_moments", "m", at_least=1.5),
    "no such outcome": changed("aha_moments", "m", outcome="bak"),
    "no such funnel of a moment": changed("aha_moments", "m", funnel="g"),
    "funnel and entity": changed("aha_moments", "m", entity="user_id"),
    "no clock": changed("aha_moments", "m", funnel=None),
    "no entry": changed("aha_moments", "m", funnel=None, entity="user_id"),
    "no such entity": changed("aha_moments", "m", funnel=None, entity="usr", entry="a"),
    "a misspelt entry": changed(
        "aha_moments", "m", funnel=None, entity="user_id", entry={"evnt": "a"}
    ),
    "another entity": changed("aha_moments", "m", funnel="teams", outcome="bought", within="1 day"),
    "no date": changed("aha_moments", "m", declared_on="soon"),
    "no such breakdown": changed("aha_moments", "m", breakdowns=["item"]),
    "a misspelt key of the search": changed("aha_search", count=[1]),
    "a search of no outcome": changed("aha_search", outcome=None),
    "a search of no such outcome": changed("aha_search", outcome="bak"),
    "ends after the outcome begins": changed("aha_search", days=[15]),
    "alive after the outcome begins": changed("aha_search", alive="8 days"),
    "falling": changed("aha_search", counts=[2, 1]),
    "twice": changed("aha_search", days=[1, 1]),
    "not positive": changed("aha_search", counts=[0, 1]),
    "too many": changed("aha_search", counts=list(range(1, 52))),
    "not a list": changed("aha_search", counts=3),
    "no such stratum": changed("aha_search", stratify_by=["item"]),
}


def test_what_is_refused_is_accepted_without_its_mistake():
    macros.aha_plan(GIVEN)
    macros.aha_plan(changed("outcomes", "back", sum="amount", at_least=5))
    macros.aha_plan(changed("aha_moments", "m", declared_on=dt.date(2026, 3, 1)))
    macros.aha_plan(changed("aha_search", counts=list(range(1, 51))))
    macros.aha_plan(changed("outcomes", "gone", **{"not": GIVEN["outcomes"]["back"]}))


@pytest.mark.parametrize("given", REFUSED.values(), ids=REFUSED.keys())
def test_a_plain_dbt_never_passes_over_a_rule(given):
    with pytest.raises(FunnelkitError, match=r"^(outcomes|aha_moments|aha_search)[.: ]"):
        macros.aha_plan(given)


NAMES_ONLY = {
    "description": changed("aha_moments", "m", description="other words"),
    "breakdowns": changed("aha_moments", "m", breakdowns=[]),
    "an outcome beside": changed("outcomes", "new", event="z", after="1 day", within="1 day"),
    "order of events": changed("outcomes", "back", event=["x", "y"]),
    "a later step": changed("funnels", "f", steps=["a", {"name": "b", "event": "c"}]),
    "the search": changed("aha_search", salt="other"),
}
NUMBERS = {
    "window": changed("aha_moments", "m", within="6 days"),
    "event": changed("aha_moments", "m", event=["x", "z"]),
    "count": changed("aha_moments", "m", count="days"),
    "declared_on": changed("aha_moments", "m", declared_on="2026-03-01"),
    "outcome": changed("outcomes", "back", within="6 days"),
    "entry": changed("funnels", "f", steps=["z", "b"]),
    "who leaves": changed("funnels", "f", exclude=[{"event": "c", "scope": "entity"}]),
    "calendar": {**GIVEN, "timezone": "UTC"},
}


@pytest.mark.parametrize("given", NAMES_ONLY.values(), ids=NAMES_ONLY.keys())
def test_what_changes_no_number_keeps_the_hash(given):
    assert macros.aha_hash(macros.aha_plan(given), 0) == macros.aha_hash(macros.aha_plan(GIVEN), 0)


@pytest.mark.parametrize("given", NUMBERS.values(), ids=NUMBERS.keys())
def test_what_may_change_a_number_changes_the_hash(given):
    assert macros.aha_hash(macros.aha_plan(given), 0) != macros.aha_hash(macros.aha_plan(GIVEN), 0)


def test_the_salt_is_part_of_what_names_a_search():
    salted = macros.aha_plan(changed("aha_search", salt="other"))
    assert macros.search_hash(salted) != macros.search_hash(macros.aha_plan(GIVEN))
