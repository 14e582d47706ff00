"""The kernel macros of the dbt package, rendered without dbt: `explore` runs the same SQL."""

import hashlib
import json
import os
import sys
from collections.abc import Callable, Mapping
from functools import cache
from importlib.util import cache_from_source
from pathlib import Path
from typing import Any, NoReturn, cast

from jinja2 import DictLoader, Environment, FileSystemBytecodeCache, StrictUndefined
from jinja2.environment import TemplateModule

from funnelkit.errors import FunnelkitError
from funnelkit.paths import root
from funnelkit.project.moments import parse_moment

_PARTS = ("funnel", "aha", "say", "engine")
_AHA_KEYS = ("outcomes", "aha_moments", "event_properties", "user_properties")
_SAY_KEYS = (
    *("features", "feedback", "segments", "revenue", "timezone"),
    *("event_properties", "user_properties", "aha_moments"),
)


class _Exceptions:
    """What dbt's `exceptions` does for a macro that refuses its input."""

    @staticmethod
    def raise_compiler_error(message: str) -> NoReturn:
        raise FunnelkitError(message)


class _Adapter:
    """What dbt's `adapter.dispatch` does: the engine's macro, else the default one."""

    def __init__(self, engine: str) -> None:
        self.engine = engine
        self.module: TemplateModule | None = None

    def dispatch(self, name: str, package: str) -> Callable[..., str]:
        macro = getattr(self.module, f"{self.engine}__{name}", None)
        return cast(Callable[..., str], macro or getattr(self.module, f"default__{name}"))


@cache
def _module(engine: str) -> TemplateModule:
    adapter = _Adapter(engine)
    folder = root("dbt") / "macros"
    files = [file for part in _PARTS for file in sorted((folder / part).glob("*.sql"))]
    source = "\n".join(file.read_text("utf-8") for file in files)
    environment = Environment(
        undefined=StrictUndefined,
        extensions=["jinja2.ext.do"],
        loader=DictLoader({"macros": source}),
        bytecode_cache=_compiled_before(),
        auto_reload=False,
    )
    environment.globals.update(
        adapter=adapter,
        exceptions=_Exceptions,
        tojson=lambda value, sort_keys=False: json.dumps(value, sort_keys=sort_keys),
        fromjson=json.loads,
    )
    adapter.module = environment.get_template("macros").module
    return adapter.module


def _compiled_before() -> FileSystemBytecodeCache | None:
    """Compiled macros, kept beside this module's own bytecode: compiling takes a tenth of a second.

    None where Python is told to write none or cannot; the name holds a hash of the source.
    """
    folder = Path(cache_from_source(__file__)).parent
    if sys.dont_write_bytecode or not os.access(folder, os.W_OK):
        return None
    return FileSystemBytecodeCache(str(folder), "macros-%s.jinja")


def render(macro: str, *arguments: object, engine: str = "duckdb") -> str:
    """SQL text of a macro in dbt_project/macros: funnel, aha, say or engine.

    `engine`: whose dispatch is rendered; `default` gives the portable window-function kernel.
    """
    return str(getattr(_module(engine), macro)(*arguments)).strip()


def funnel_specs(
    funnels: Mapping[str, Any], session_idle: str | None = None
) -> list[dict[str, Any]]:
    """Complete funnel specs from the `funnels:` block, every default filled in by the macro."""
    text = render("funnel_specs", json.dumps(funnels), session_idle)
    return cast(list[dict[str, Any]], json.loads(text))


def definition_hash(spec: Mapping[str, Any]) -> str:
    """The 12 hex digits that name a funnel's rules: equal as long as no number can change."""
    return _digest(render("funnel_definition", json.dumps(spec)))


def aha_plan(variables: Mapping[str, Any]) -> dict[str, Any]:
    """All that is declared of outcomes, aha moments and the search, complete.

    `variables`: the `vars: funnelkit:` block as written. Keys: timezone, clocks, outcomes, pairs,
    moments, search (see macros/aha/aha_plan.sql). Raises FunnelkitError for rules that are unknown
    or do not go together.
    """
    sessions = variables.get("sessions") or {}
    idle = sessions.get("idle")
    specs = funnel_specs(variables.get("funnels") or {}, idle)
    written = {key: variables.get(key) or {} for key in _AHA_KEYS}
    written |= {key: variables.get(key) for key in ("aha_search", "timezone")}
    # Dates as text, as dbt's macro writes them.
    given = json.dumps(written, default=str)
    text = render("aha_plan", given, json.dumps(specs), idle)
    return cast(dict[str, Any], json.loads(text))


def aha_hash(plan: Mapping[str, Any], no: int) -> str:
    """The 12 hex digits that name the rules of an aha moment, clock and outcome among them."""
    return _hash("aha_definition", plan, no)


def outcome_hash(plan: Mapping[str, Any], no: int) -> str:
    """The 12 hex digits that name an outcome's rules."""
    return _hash("outcome_definition", plan, no)


def search_hash(plan: Mapping[str, Any]) -> str:
    """The 12 hex digits that name the rules of the search, its salt among them."""
    return _hash("search_definition", plan)


def say_plan(variables: Mapping[str, Any]) -> dict[str, Any]:
    """All that is declared of features and feedback, complete.

    `variables`: the `vars: funnelkit:` block as written. Keys: timezone, declared, revenue,
    version, features, questions, waves, weights, themes, labels, segments (see
    macros/say/say_plan.sql); and what the macros leave to SQL, in microseconds since 1970:
    released_us of features, from_us and until_us (the first that is not in it) of waves. Raises
    FunnelkitError for rules that are unknown or do not go together.
    """
    given = json.dumps({key: variables.get(key) for key in _SAY_KEYS}, default=str)
    plan = cast(dict[str, Any], json.loads(render("say_plan", given)))
    zone = plan["timezone"]
    for feature in plan["features"]:
        day = feature["released_on"]
        feature["released_us"] = None if day is None else parse_moment(day, zone, "since")
    for wave in plan["waves"]["list"]:
        wave["from_us"] = parse_moment(wave["from"], zone, "since")
        wave["until_us"] = parse_moment(wave["to"], zone, "until")
    return plan


def feature_hash(plan: Mapping[str, Any], no: int) -> str:
    """The 12 hex digits that name a feature's rules, of which its topics are no part."""
    return _hash("feature_definition", plan, no)


def feedback_hash(plan: Mapping[str, Any]) -> str:
    """The 12 hex digits that name what is asked, when, and how answers are weighted."""
    return _hash("feedback_definition", plan)


def _hash(macro: str, plan: Mapping[str, Any], *arguments: object) -> str:
    return _digest(render(macro, json.dumps(plan), *arguments))


def _digest(definition: str) -> str:
    return hashlib.md5(definition.encode(), usedforsecurity=False).hexdigest()[:12]
