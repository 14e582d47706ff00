"""The macro `settings` and the definitions read the same YAML: they must say the same.

The macro is rendered as dbt renders it, `return` included, but without dbt.
"""

import datetime as dt
import json
from collections.abc import Callable
from functools import cache
from typing import Any, NoReturn

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jinja2 import Environment, StrictUndefined
from jinja2.environment import TemplateModule
from pydantic import ValidationError

from funnelkit.errors import FunnelkitError
from funnelkit.paths import root
from funnelkit.project.definitions import Definitions

FILES = ("project/settings.sql", "funnel/duration_us.sql", "funnel/funnel_specs.sql")


class Returned(Exception):  # noqa: N818 - it is no error
    """What dbt's `return` raises."""


def macro(name: str, variables: Any) -> Any:
    """The value that a macro of the package returns where `vars: funnelkit:` is this."""
    WRITTEN["funnelkit"] = variables
    return called(name)


WRITTEN: dict[str, Any] = {}


def give(value: Any) -> NoReturn:
    raise Returned(value)


def refuse(message: str) -> NoReturn:
    raise FunnelkitError(message)


def called(name: str, *args: Any) -> Any:
    try:
        return getattr(package(), name)(*args)
    except Returned as returned:
        return returned.args[0]


class Package:
    """What `funnelkit.` is in a macro."""

    def __getattr__(self, name: str) -> Callable[..., Any]:
        return lambda *args: called(name, *args)


@cache
def package() -> TemplateModule:
    environment = Environment(undefined=StrictUndefined, extensions=["jinja2.ext.do"])
    environment.globals.update(
        {"return": give, "var": lambda key, default: WRITTEN.get(key, default)},
        funnelkit=Package(),
        exceptions=type("exceptions", (), {"raise_compiler_error": staticmethod(refuse)}),
        tojson=json.dumps,
        fromjson=json.loads,
    )
    source = "\n".join((root("dbt") / "macros" / file).read_text("utf-8") for file in FILES)
    return environment.from_string(source).module


DURATIONS = st.builds("{} {}".format, st.integers(1, 90), st.sampled_from(["seconds", "h", "days"]))
NAMES = st.text("ab'{}% ", min_size=1, max_size=6).filter(
    lambda text: text == " ".join(text.split())
)
SHARES = st.sampled_from([0, 0.01, 0.5, 1])


def some(**keys: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=dict(keys))


RULES = some(events=st.just("a > 1"), users=st.just("b"), list=st.just("private/x.txt")).filter(
    bool
)
BLOCKS = some(
    as_of=st.sampled_from(["2026-06-30", "2026-06-30T12:00:00Z"]),
    events=st.just({"model": "my_events"}),
    identity=some(
        shared_devices=st.sampled_from(["first", "last", "none"]),
        max_users_per_device=st.integers(1, 99),
        max_ids_per_person=st.integers(2, 99),
    ),
    quality=some(
        near_duplicates=DURATIONS,
        clock_skew=some(over=DURATIONS, then=st.sampled_from(["reject", "flag"])),
        exclude=st.dictionaries(NAMES, RULES, max_size=3).map(
            lambda rules: [{"name": name, **rule} for name, rule in rules.items()]
        ),
        fail_over=some(rejected=SHARES, duplicate=SHARES, excluded=SHARES, late=SHARES),
    ),
)


@settings(deadline=None)
@given(BLOCKS)
def test_the_macro_fills_in_what_the_definitions_say(block: dict[str, Any]) -> None:
    told, defined = macro("settings", block), Definitions.model_validate(block)
    quality = defined.quality
    assert told["as_of"] == block.get("as_of")
    assert told["events_model"] == (defined.events.model if defined.events else None)
    assert told["identity"] == defined.identity.model_dump()
    assert told["quality"] == {
        "near_duplicates_us": quality.near_duplicates_us,
        "skew_us": quality.clock_skew.over_us,
        "skew_then": quality.clock_skew.then,
        "exclude": [rule.model_dump() for rule in quality.exclude],
        "fail_over": quality.fail_over.model_dump(exclude_none=True),
    }


def test_dates_are_text_however_yaml_reads_them() -> None:
    at = dt.datetime(2026, 6, 29, 12, tzinfo=dt.UTC)
    told = macro("settings", {"as_of": dt.date(2026, 6, 30), "observed_until": at})
    json.dumps(told)  # tables keep what they were made from
    assert told["as_of"] == "2026-06-30"
    assert told["observed_until"] == "2026-06-29 12:00:00+00:00"


def test_a_project_that_says_nothing_gets_the_documented_defaults() -> None:
    told = macro("settings", {})
    assert (told["as_of"], told["events_model"]) == (None, None)
    assert told["identity"] == {
        "shared_devices": "first",
        "max_users_per_device": 20,
        "max_ids_per_person": 100,
    }
    assert told["quality"] == {
        "near_duplicates_us": None,
        "skew_us": 24 * 60 * 60 * 1_000_000,
        "skew_then": "reject",
        "exclude": [],
        "fail_over": {},
    }


@pytest.mark.parametrize(
    "block",
    [
        {"events": {"modle": "x"}},
        {"events": "my_events"},
        {"identity": {"shared_devices": "any"}},
        {"identity": {"shared_device": "last"}},
        {"identity": {"max_users_per_device": 0}},
        {"identity": {"max_ids_per_person": 1}},
        {"identity": {"max_ids_per_person": True}},
        {"identity": {"max_ids_per_person": "9"}},
        {"quality": {"near_duplicate": "1 second"}},
        {"quality": {"clock_skew": {"then": "drop"}}},
        {"quality": {"clock_skew": "1 day"}},
        {"quality": {"exclude": [{"name": "a"}]}},
        {"quality": {"exclude": [{"events": "x"}]}},
        {"quality": {"exclude": [{"name": "a", "event": "x"}]}},
        {"quality": {"exclude": [{"name": "a", "events": "x"}, {"name": "a", "users": "x"}]}},
        {"quality": {"fail_over": {"kept": 0.1}}},
        {"quality": {"fail_over": {"late": 1.1}}},
        {"quality": {"fail_over": {"late": -0.1}}},
        {"quality": {"fail_over": {"late": "5 %"}}},
        {"quality": {"fail_over": {"late": True}}},
    ],
)
def test_what_the_definitions_refuse_a_plain_dbt_refuses_too(block: dict[str, Any]) -> None:
    from funnelkit.project.references import references

    with pytest.raises(FunnelkitError):
        macro("settings", block)
    mistakes = [*references(block)]
    if not mistakes:
        with pytest.raises(ValidationError):
            Definitions.model_validate(block)


def test_sessions_are_read_beside_them() -> None:
    assert macro("settings", {"sessions": {"idle": "30 minutes"}})["session_idle_us"] == 1.8e9
