"""The macros and the definitions read the same YAML: they must say the same."""

import datetime as dt
import re
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from funnelkit.errors import FunnelkitError
from funnelkit.project.definitions import Definitions
from funnelkit.project.durations import parse_duration
from funnelkit.project.funnels import Funnel
from funnelkit.project.rules import conflicts
from funnelkit.project.words import in_words
from funnelkit.warehouse import macros

ANY_CANNOT = {
    "step_window": "1 day",
    "exclude": ["x"],
    "row_reuse": True,
    "strict_increase": True,
    "count": "entries",
}
UNITS = st.sampled_from(
    [
        *("s", "sec", "second", "seconds", "m", "min", "minute", "minutes", "h", "hour", "hours"),
        *("d", "day", "days", "w", "week", "weeks", "Days"),
    ]
)
NAMES = st.text("abcABC_ '\"\\ü{}%", min_size=1, max_size=8).filter(str.strip)
EVENTS = NAMES | st.lists(NAMES, min_size=1, max_size=3)
STEPS = st.one_of(
    NAMES,
    st.fixed_dictionaries({"event": EVENTS}),
    st.fixed_dictionaries({"name": NAMES}, optional={"event": EVENTS, "where": NAMES}),
)
WINDOWS = st.builds("{}{}{}".format, st.integers(1, 90), st.sampled_from(["", " "]), UNITS)


@st.composite
def funnels(draw: st.DrawFn) -> dict[str, Any]:
    """A funnel that the definitions accept, with any of their keys."""
    steps = draw(st.lists(STEPS, min_size=2, max_size=5, unique_by=named))
    order = draw(st.sampled_from([None, "ordered", "strict", "any"]))
    some: dict[str, st.SearchStrategy[Any]] = {
        "description": st.text("ab ", max_size=5),
        "window": WINDOWS,
        "entity": st.sampled_from(["user_id", "account_id", "session_id", "team"]),
        "hold": st.lists(st.sampled_from(["team", "plan"]), unique=True),
    }
    places = ["first", "last"]
    if order == "any":
        some["anchor_first"] = st.booleans()
    else:
        if order != "strict":
            steps[1:-1] = [draw(st.just(step) | optional(step)) for step in steps[1:-1]]
        places += [named(step) for step in steps]
        some["step_window"] = WINDOWS
        some["strict_increase"] = st.booleans()
        some["count"] = st.sampled_from(["entities", "entries"])
        some["exclude"] = st.lists(NAMES | exclusions(steps), max_size=3)
    if order in (None, "ordered"):
        some["row_reuse"] = st.booleans()
    at = st.fixed_dictionaries({"property": NAMES, "at": st.sampled_from(places)})
    some["breakdowns"] = st.lists(NAMES | at, max_size=3)
    found = draw(st.fixed_dictionaries({"steps": st.just(steps)}, optional=some))
    if order:
        found["order"] = order
    if found.get("count") != "entries" and draw(st.booleans()):
        found["entry"] = draw(st.sampled_from(["first", "best"]))
    return found


def named(step: Any) -> str:
    """A step's name, by the documented rule: its own, else its event, else its events joined."""
    if isinstance(step, str):
        return step
    event = step.get("name") or step["event"]
    return event if isinstance(event, str) else "|".join(event)


def optional(step: Any) -> st.SearchStrategy[dict[str, Any]]:
    given = {"name": step} if isinstance(step, str) else step
    return st.booleans().map(lambda value: {**given, "optional": value})


def exclusions(steps: list[Any]) -> st.SearchStrategy[dict[str, Any]]:
    required = [named(step) for step in steps if isinstance(step, str) or not step.get("optional")]
    ends = st.lists(st.integers(0, len(required) - 1), min_size=2, max_size=2, unique=True).map(
        sorted
    )
    rest = {"where": NAMES, "scope": st.sampled_from(["attempt", "entity"])}
    return st.builds(
        lambda ends, given: {**given, "from": required[ends[0]], "to": required[ends[1]]},
        ends,
        st.fixed_dictionaries({"event": EVENTS}, optional=rest),
    ) | st.fixed_dictionaries({"event": EVENTS}, optional=rest)


@settings(deadline=None)
@given(funnel=funnels())
def test_macro_and_definitions_say_the_same(funnel):
    (spec,) = macros.funnel_specs({"f": funnel})
    read = Funnel.model_validate(funnel)
    assert list(conflicts(funnel)) == []
    required = [step.name for step in read.steps if not step.optional]
    numbers = {step.name: no for no, step in enumerate(read.steps, 1)}
    window_us = read.window_us
    if window_us is None and read.step_window_us is not None:
        window_us = read.step_window_us * (len(required) - 1)
    assert spec == {
        "no": 0,
        "name": "f",
        "description": read.description,
        "entity": read.entity,
        "count": read.count,
        "order": read.order,
        "anchor_first": read.anchor_first,
        "entry": read.entry,
        "window_us": window_us,
        "step_window_us": read.step_window_us,
        "hold": list(read.hold),
        "row_reuse": read.row_reuse,
        "session_idle_us": None,
        "strict_increase": read.strict_increase,
        "steps": [
            {
                "no": no,
                "name": step.name,
                "events": list(step.event),
                "where": step.where,
                "optional": step.optional,
                "rank": None if step.optional else required.index(step.name) + 1,
            }
            for no, step in enumerate(read.steps, 1)
        ],
        "exclude": [
            {
                "no": no,
                "events": list(each.event),
                "where": each.where,
                "from": numbers[each.from_] if each.from_ else 1,
                "to": numbers[each.to] if each.to else len(read.steps),
                "scope": each.scope,
            }
            for no, each in enumerate(read.exclude, 1)
        ],
        "breakdowns": [
            {
                "name": each.property if each.at == "entry" else f"{each.property}@{each.at}",
                "property": each.property,
                "at": each.at,
            }
            for each in read.breakdowns
        ],
    }
    assert all(sentence.endswith(".") for sentence in in_words(spec))


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ({"order": "srtict"}, 'funnels.f.order: "srtict" is not supported; supported: ordered, '),
        ({"entry": "bset"}, 'funnels.f.entry: "bset" is not supported; supported: first, best'),
        ({"count": "x"}, 'funnels.f.count: "x" is not supported; supported: entities, entries'),
        ({"excludes": ["c"]}, 'funnels.f: unknown key "excludes" is not supported; supported: '),
        ({"windw": "1 day"}, 'funnels.f: unknown key "windw" is not supported; supported: '),
        (
            {"steps": ["a", {"event": "b", "optinal": True}]},
            'funnels.f.steps[1]: unknown key "optinal" is not supported; supported: name, ',
        ),
        (
            {"exclude": ["x", {"event": "y", "form": "a"}]},
            'funnels.f.exclude[1]: unknown key "form" is not supported; supported: event, ',
        ),
        (
            {"exclude": [{"event": "y", "from": "c"}]},
            'funnels.f.exclude[0]: step "c" is not supported; supported: a, b',
        ),
    ],
)
def test_the_macro_refuses_what_it_would_pass_over(rule, told):
    with pytest.raises(FunnelkitError) as caught:
        macros.funnel_specs({"f": {"steps": ["a", "b"], **rule}})
    assert caught.value.message.startswith(told)


@pytest.mark.parametrize(
    "rule",
    [
        *({"order": "any", key: value} for key, value in ANY_CANNOT.items()),
        {"order": "any", "steps": ["a", {"name": "o", "optional": True}, "b"]},
        {"order": "strict", "row_reuse": True},
        {"order": "strict", "steps": ["a", {"name": "o", "optional": True}, "b"]},
        {"anchor_first": True},
        {"order": "strict", "anchor_first": True},
        {"count": "entries", "entry": "best"},
    ],
)
def test_both_refuse_rules_that_do_not_go_together(rule):
    funnel = {"steps": ["a", "b", "c"], **rule}
    assert len(list(conflicts(funnel))) == 1
    with pytest.raises(FunnelkitError, match="not go with"):
        macros.funnel_specs({"f": funnel})


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ({"order": "any", "breakdowns": [{"property": "p", "at": "b"}]}, "breakdowns[0].at"),
        ({"breakdowns": [{"property": "p", "at": "zz"}]}, "breakdowns[0].at"),
        ({"breakdowns": [{"property": "p", "att": "b"}]}, "breakdowns[0]: unknown key"),
        ({"steps": ["a", "a"]}, "steps: two steps of one name"),
        ({"steps": ["a"]}, "steps: a funnel has 2 to 31"),
        ({"exclude": [{"where": "true"}]}, "exclude[0]: event is missing"),
        ({"exclude": [{"event": "x", "from": "b", "to": "a"}]}, "exclude[0]: from is not before"),
        ({"exclude": [{"event": "x", "to": "zz"}]}, "exclude[0]: step"),
        ({"hold": "team"}, "hold: write a list"),
        ({"row_reuse": "no"}, "row_reuse"),
        ({"hodl": ["team"]}, "unknown key"),
    ],
)
def test_a_plain_dbt_passes_over_no_mistake(rule, told):
    funnel = {"steps": ["a", "b", "c"], **rule}
    with pytest.raises(FunnelkitError, match=re.escape(told)):
        macros.funnel_specs({"f": funnel})


@settings(deadline=None)
@given(number=st.integers(1, 90), unit=UNITS, gap=st.sampled_from(["", " ", "  "]))
def test_the_macro_reads_every_accepted_duration(number, unit, gap):
    window = f"{number}{gap}{unit}"
    (spec,) = macros.funnel_specs({"f": {"steps": ["a", "b"], "window": window}})
    assert spec["window_us"] == parse_duration(window)


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-06-29", "2026-06-29 00:00:00"),
        ("2026-06-29 08:30", "2026-06-29 08:30:00"),
        ("2026-06-29T08:30:01", "2026-06-29 08:30:01"),
        ("2026-06-29T08:30:01.5Z", "2026-06-29 08:30:01.500000"),
        ("2026-06-29T08:30:01.000001+02:00", "2026-06-29 06:30:01.000001"),
        ("2026-06-29T23:30-05", "2026-06-30 04:30:00"),
    ],
)
def test_observed_until_is_the_instant_that_the_macro_reads(text, instant):
    expected = dt.datetime.fromisoformat(instant)
    read = Definitions.model_validate({"observed_until": text}).observed_until
    assert read == expected.replace(tzinfo=dt.UTC)
    with duckdb.connect() as con:
        found = con.execute(f"select {macros.render('parse_time', repr(text))}").fetchall()
    assert found == [(expected,)]
