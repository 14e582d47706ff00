"""The macros and the definitions read the same YAML: they must say the same."""

import datetime as dt

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from funnelkit.errors import FunnelkitError
from funnelkit.project.definitions import Definitions, Funnel
from funnelkit.project.durations import parse_duration
from funnelkit.project.words import in_words
from funnelkit.warehouse import macros

UNITS = st.sampled_from(
    [
        *("s", "sec", "second", "seconds", "m", "min", "minute", "minutes", "h", "hour", "hours"),
        *("d", "day", "days", "w", "week", "weeks", "Days"),
    ]
)
NAMES = st.text("abcABC_ '\"\\ü{}%", min_size=1, max_size=8).filter(str.strip)
STEPS = st.one_of(
    NAMES,
    st.fixed_dictionaries({"event": NAMES | st.lists(NAMES, min_size=1, max_size=3)}),
    st.fixed_dictionaries(
        {"name": NAMES},
        optional={"event": NAMES | st.lists(NAMES, min_size=1, max_size=3), "where": NAMES},
    ),
)
FUNNELS = st.fixed_dictionaries(
    {"steps": st.lists(STEPS, min_size=2, max_size=4)},
    optional={
        "description": st.text("ab ", max_size=5),
        "window": st.builds("{}{}{}".format, st.integers(1, 90), st.sampled_from(["", " "]), UNITS),
        "entry": st.sampled_from(["first", "best"]),
        "entity": st.sampled_from(["user_id", "account_id"]),
        "order": st.just("ordered"),
        "breakdowns": st.lists(NAMES, max_size=2),
    },
)


@settings(deadline=None)
@given(funnel=FUNNELS)
def test_macro_and_definitions_say_the_same(funnel):
    (spec,) = macros.funnel_specs({"f": funnel})
    read = Funnel.model_validate(funnel)
    assert spec == {
        "no": 0,
        "name": "f",
        "description": read.description,
        "entity": read.entity,
        "order": read.order,
        "entry": read.entry,
        "window_us": read.window_us,
        "steps": [
            {"no": no, "name": step.name, "events": list(step.event), "where": step.where}
            for no, step in enumerate(read.steps, 1)
        ],
        "breakdowns": [{"name": name, "property": name, "at": "entry"} for name in read.breakdowns],
    }
    assert all(in_words(spec))


@pytest.mark.parametrize(
    ("rule", "told"),
    [
        ({"order": "strict"}, 'funnels.f.order: "strict" is not supported; supported: ordered'),
        ({"entry": "bset"}, 'funnels.f.entry: "bset" is not supported; supported: first, best'),
        ({"exclude": ["c"]}, 'funnels.f: unknown key "exclude" is not supported; supported: '),
        ({"windw": "1 day"}, 'funnels.f: unknown key "windw" is not supported; supported: '),
        (
            {"steps": ["a", {"event": "b", "optional": True}]},
            'funnels.f.steps[1]: unknown key "optional" is not supported; supported: name, ',
        ),
    ],
)
def test_the_macro_refuses_what_it_would_pass_over(rule, told):
    with pytest.raises(FunnelkitError) as caught:
        macros.funnel_specs({"f": {"steps": ["a", "b"], **rule}})
    assert caught.value.message.startswith(told)


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
