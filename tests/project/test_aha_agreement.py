"""The macro aha_plan and the definitions read the same YAML: they must say the same."""

import datetime as dt
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from funnelkit.errors import FunnelkitError
from funnelkit.project.aha import Clock, Distinct, Outcome, Rules
from funnelkit.project.aha_words import moment_in_words, outcome_in_words, search_in_words
from funnelkit.project.definitions import Definitions
from funnelkit.project.references import references
from funnelkit.warehouse import macros

DAY = 86_400_000_000
BLOCK: dict[str, Any] = {
    "timezone": "Europe/Berlin",
    "event_properties": {"n": "integer", "team": "varchar", "price": "decimal(18,2)"},
    "user_properties": {"plan": "varchar", "channel": "varchar"},
    "funnels": {
        "buy": {
            "steps": ["a", "b"],
            "window": "14 days",
            "breakdowns": ["plan", {"property": "n", "at": "b"}],
        },
        "grow": {"steps": ["a", "b", "c"], "step_window": "3 days", "entity": "account_id"},
        "ever": {"steps": ["a", "b"]},
    },
    "outcomes": {"back": {"event": ["x", "y"], "after": "21 days", "within": "7 days"}},
}
WINDOWS = {"buy": 14 * DAY, "grow": 6 * DAY, "ever": None}  # days, from the definitions by hand
ENTITIES = {"buy": "user_id", "grow": "account_id", "ever": "user_id"}
NAMES = st.text("abc '\"\\ü{}%", min_size=1, max_size=6).filter(str.strip)
EVENTS = NAMES | st.lists(NAMES, min_size=1, max_size=3)
SOME = st.sampled_from([{"description": "d"}, {}])


def some(**keys: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=dict(keys))


def days(least: int, most: int) -> st.SearchStrategy[str]:
    return st.integers(least, most).map("{} days".format)


def merged(*parts: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    return st.tuples(*parts).map(lambda found: {k: v for each in found for k, v in each.items()})


TIMES = st.fixed_dictionaries({"after": days(1, 40), "within": days(1, 40)})
OF_EVENTS = merged(
    TIMES,
    st.fixed_dictionaries({"event": EVENTS}, optional={"where": NAMES}),
    some(at_least=st.integers(1, 9))
    | st.fixed_dictionaries({"sum": st.sampled_from(["n", "price"]), "at_least": st.just(5)}),
)
OF_FUNNELS = merged(
    st.fixed_dictionaries({"funnel": st.sampled_from(["buy", "grow", "ever"])}),
    st.fixed_dictionaries({"after": days(1, 5), "within": days(1, 40)}),
)
PLAIN = OF_EVENTS | OF_FUNNELS
OUTCOMES = merged(
    PLAIN | st.fixed_dictionaries({"not": PLAIN | st.just("back")}), some(description=NAMES)
)
ENTRIES = EVENTS | st.fixed_dictionaries({"event": EVENTS}, optional={"where": NAMES})
CLOCKS = st.fixed_dictionaries(
    {"funnel": st.sampled_from(["buy", "grow", "ever"])}
) | st.fixed_dictionaries(
    {"entity": st.sampled_from(["user_id", "account_id", "team"]), "entry": ENTRIES}
)
PROPERTIES = st.lists(st.sampled_from(["plan", "channel"]), unique=True)
MOMENTS = merged(
    CLOCKS,
    st.fixed_dictionaries({"event": EVENTS, "within": days(1, 21)}),
    some(
        where=NAMES,
        at_least=st.integers(1, 9),
        count=st.sampled_from(["events", "days", {"distinct": "team"}]),
        outcome=st.just("back"),
        declared_on=st.just("2026-03-01"),
        breakdowns=PROPERTIES,
        description=NAMES,
    ),
)
GRIDS = st.lists(st.integers(1, 14), unique=True, min_size=1, max_size=5).map(sorted)
SEARCHES = merged(
    CLOCKS,
    st.just({"outcome": "back"}),
    some(
        counts=GRIDS,
        days=GRIDS,
        alive=days(1, 7),
        stratify_by=PROPERTIES,
        events=NAMES | st.lists(NAMES, min_size=1, max_size=3, unique=True),
        prerequisites=st.lists(NAMES, max_size=2, unique=True),
        salt=NAMES,
    ),
)


def block(**sections: Any) -> dict[str, Any]:
    outcomes = {**BLOCK["outcomes"], **sections.pop("outcomes", {})}
    return {**BLOCK, "outcomes": outcomes, **sections}


def planned(written: dict[str, Any]) -> tuple[dict[str, Any], Definitions]:
    """What the macro and the definitions make of a block, which neither refuses."""
    assert list(references(written)) == []
    return macros.aha_plan(written), Definitions.model_validate(written)


@settings(deadline=None)
@given(OUTCOMES)
def test_outcomes_are_the_same(written: dict[str, Any]) -> None:
    plan, defined = planned(block(outcomes={"o": written}))
    outcome = plan["outcomes"][1]
    read = defined.outcomes["o"]
    rules = plain(read, defined)
    window = WINDOWS.get(rules.funnel or "")
    assert rules.after_us is not None
    assert rules.within_us is not None
    within = rules.within_us if window is None else min(rules.within_us, window - rules.after_us)
    assert outcome == {
        "no": 1,
        "name": "o",
        "description": read.description,
        "kind": "funnel" if rules.funnel else "sum" if rules.sum else "event",
        "negated": read.not_ is not None,
        "events": list(dict.fromkeys(rules.event or ())),
        "where": rules.where,
        "property": rules.sum,
        "at_least": None if rules.funnel else rules.at_least or 1,
        "funnel": rules.funnel,
        "funnel_no": list(WINDOWS).index(rules.funnel) if rules.funnel else None,
        "after_us": rules.after_us,
        "within_us": within,
        **{key: outcome[key] for key in ("rules",) if key in outcome},
    }
    clocks = {(pair["clock_no"]) for pair in plan["pairs"] if pair["outcome_no"] == 1}
    entity = ENTITIES.get(rules.funnel or "")
    fit = {each["no"] for each in plan["clocks"] if entity in (None, each["entity"])}
    assert clocks == fit
    assert all(sentence.endswith(".") for sentence in outcome_in_words(outcome))


def plain(outcome: Outcome, defined: Definitions) -> Rules:
    if isinstance(outcome.not_, str):
        return defined.outcomes[outcome.not_]
    return outcome if outcome.not_ is None else outcome.not_


@settings(deadline=None)
@given(MOMENTS)
def test_aha_moments_are_the_same(written: dict[str, Any]) -> None:
    plan, defined = planned(block(aha_moments={"m": written}))
    (moment,) = plan["moments"]
    read = defined.aha_moments["m"]
    distinct = read.count if isinstance(read.count, Distinct) else None
    own = ("plan",) if read.funnel == "buy" else ()
    assert moment == {
        "no": 0,
        "name": "m",
        "description": read.description,
        "clock_no": moment["clock_no"],
        "entity": ENTITIES[read.funnel] if read.funnel else read.entity,
        "funnel": read.funnel,
        "events": list(dict.fromkeys(read.event)),
        "where": read.where,
        "at_least": read.at_least,
        "counted": "distinct" if distinct else read.count,
        "property": distinct.distinct if distinct else None,
        "within_us": read.within_us,
        "outcome": read.outcome,
        "outcome_no": None if read.outcome is None else 0,
        "declared_on": read.declared_on.isoformat() if read.declared_on else None,
        "breakdowns": list(own if read.breakdowns is None else read.breakdowns),
    }
    assert_clock(plan["clocks"][moment["clock_no"]], read)
    assert all(sentence.endswith(".") for sentence in moment_in_words(moment, plan))


def assert_clock(clock: dict[str, Any], read: Clock) -> None:
    if read.funnel is not None:
        assert (clock["funnel"], clock["entry"]) == (read.funnel, None)
        assert clock["entity"] == ENTITIES[read.funnel]
        return
    assert read.entry is not None
    assert (clock["funnel"], clock["entity"]) == (None, read.entity)
    assert clock["entry"] == {
        "events": sorted(set(read.entry.event)),  # in any order it is the same clock
        "where": read.entry.where,
    }


@settings(deadline=None)
@given(SEARCHES)
def test_searches_are_the_same(written: dict[str, Any]) -> None:
    plan, defined = planned(block(aha_search=written))
    search, read = plan["search"], defined.aha_search
    assert read is not None
    xmax = max(read.days) * DAY
    assert {key: search[key] for key in search if key != "clock"} == {
        "clock_no": search["clock_no"],
        "entity": ENTITIES[read.funnel] if read.funnel else read.entity,
        "funnel": read.funnel,
        "outcome": "back",
        "outcome_no": 0,
        "counts": list(read.counts),
        "days": list(read.days),
        "alive_us": read.alive_us,
        "xmax_us": xmax,
        "landmark_us": xmax + read.alive_us,
        "stratify_by": list(read.stratify_by),
        "events": None if read.events is None else list(read.events),
        "prerequisites": list(read.prerequisites),
        "salt": read.salt,
        "permutations": 2000,
    }
    assert_clock(plan["clocks"][search["clock_no"]], read)
    assert all(sentence.endswith(".") for sentence in search_in_words(plan))


def test_a_date_is_one_however_yaml_reads_it() -> None:
    moment = {"event": "e", "within": "1 day", "funnel": "buy"}
    plans = [
        macros.aha_plan(block(aha_moments={"m": {**moment, "declared_on": day}}))
        for day in ("2026-03-01", dt.date(2026, 3, 1))
    ]
    assert plans[0] == plans[1]


def test_a_project_without_any_of_them_has_an_empty_plan() -> None:
    plan = macros.aha_plan({"funnels": BLOCK["funnels"]})
    assert (plan["clocks"], plan["outcomes"], plan["pairs"]) == ([], [], [])
    assert (plan["moments"], plan["search"]) == ([], None)


TIME = {"after": "1 day", "within": "1 day"}
MOMENT = {"event": "e", "within": "1 day", "funnel": "buy"}
SEARCH = {"funnel": "buy", "outcome": "back"}


@pytest.mark.parametrize(
    "sections",
    [
        *(
            {"outcomes": {"o": outcome}}
            for outcome in (
                {},
                {"evnt": "x", **TIME},
                "x",
                {"event": "x", "after": "1 day"},
                {"event": "x", "after": "soon", "within": "1 day"},
                {"event": "x", "after": "1 month", "within": "1 day"},
                {"event": [], **TIME},
                {"event": "x", "at_least": 0, **TIME},
                {"event": "x", "at_least": "2", **TIME},
                {"event": "x", "at_least": True, **TIME},
                {"event": "x", "funnel": "buy", **TIME},
                {"event": "x", "sum": "n", **TIME},
                {"event": "x", "sum": "team", "at_least": 1, **TIME},
                {"event": "x", "sum": "plan", "at_least": 1, **TIME},
                {"funnel": "bye", **TIME},
                {"funnel": "buy", "where": "n > 1", **TIME},
                {"funnel": "buy", "after": "14 days", "within": "1 day"},
                {"funnel": "grow", "after": "6 days", "within": "1 day"},
                {"not": "o"},
                {"not": "zz"},
                {"not": 7},
                {"not": "back", **TIME},
                {"not": {"not": "back"}},
                {"not": {"event": "x", "after": "1 day"}},
                {"not": {"evnt": "x", **TIME}},
            )
        ),
        *(
            {"aha_moments": {"m": moment}}
            for moment in (
                "x",
                {"event": "e", "within": "1 day"},
                {"event": "e", "within": "1 day", "entity": "user_id"},
                {"event": "e", "within": "1 day", "entry": "a"},
                {"event": "e", "within": "1 day", "entity": "usr", "entry": "a"},
                {"event": "e", "within": "1 day", "entity": "plan", "entry": "a"},
                {"event": "e", "within": "1 day", "entity": "user_id", "entry": {"evnt": "a"}},
                {**MOMENT, "entity": "user_id", "entry": "a"},
                {**MOMENT, "funnel": "bye"},
                {**MOMENT, "event": None},
                {**MOMENT, "within": None},
                {**MOMENT, "within": "22 days", "outcome": "back"},
                {**MOMENT, "at_least": 0},
                {**MOMENT, "at_least": 1.5},
                {**MOMENT, "count": "weeks"},
                {**MOMENT, "count": {}},
                {**MOMENT, "count": {"distinct": "plan"}},
                {**MOMENT, "count": {"distnct": "team"}},
                {**MOMENT, "outcome": "bak"},
                {**MOMENT, "funnel": "grow", "outcome": "bought"},
                {**MOMENT, "declared_on": "2026-3-1"},
                {**MOMENT, "declared_on": "soon"},
                {**MOMENT, "breakdowns": "plan"},
                {**MOMENT, "breakdowns": ["plan", "plan"]},
                {**MOMENT, "breakdowns": ["n"]},
                {**MOMENT, "withn": "1 day"},
            )
        ),
        *(
            {"aha_search": search}
            for search in (
                ["buy"],
                {"funnel": "buy"},
                {"outcome": "back"},
                {**SEARCH, "outcome": "bak"},
                {**SEARCH, "counts": [0]},
                {**SEARCH, "counts": [2, 1]},
                {**SEARCH, "counts": [1, 1]},
                {**SEARCH, "counts": [1.5]},
                {**SEARCH, "counts": "1"},
                {**SEARCH, "counts": [*range(1, 52)]},
                {**SEARCH, "days": [15]},
                {**SEARCH, "alive": "8 days"},
                {**SEARCH, "alive": "soon"},
                {**SEARCH, "outcome": "bought"},
                {**SEARCH, "stratify_by": "plan"},
                {**SEARCH, "stratify_by": ["n"]},
                {**SEARCH, "events": ["e", "e"]},
                {**SEARCH, "prerequisites": "e"},
                {**SEARCH, "permutations": 10},
            )
        ),
    ],
    ids=str,
)
def test_what_the_definitions_refuse_a_plain_dbt_refuses_too(sections: dict[str, Any]) -> None:
    bought = {"funnel": "buy", "after": "7 days", "within": "7 days"}
    outcomes = {"bought": bought, **sections.get("outcomes", {})}
    written = block(**{**sections, "outcomes": outcomes})
    with pytest.raises(FunnelkitError):
        macros.aha_plan(written)
    if not [*references(written)]:
        with pytest.raises(ValueError, match="validation error"):
            Definitions.model_validate(written)


def test_the_block_itself_is_refused_by_neither() -> None:
    plan, _ = planned(block(aha_moments={"m": MOMENT}, aha_search=SEARCH))
    assert (len(plan["moments"]), plan["search"]["outcome"]) == (1, "back")
