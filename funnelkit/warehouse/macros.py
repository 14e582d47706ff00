"""The funnel macros of the dbt package, rendered without dbt: `explore` runs the same SQL."""

import hashlib
import json
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, NoReturn, cast

from jinja2 import Environment, StrictUndefined
from jinja2.environment import TemplateModule

from funnelkit.errors import FunnelkitError
from funnelkit.paths import root


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
    environment = Environment(undefined=StrictUndefined, extensions=["jinja2.ext.do"])
    environment.globals.update(
        adapter=adapter,
        exceptions=_Exceptions,
        tojson=lambda value, sort_keys=False: json.dumps(value, sort_keys=sort_keys),
        fromjson=json.loads,
    )
    folder = root("dbt") / "macros"
    files = sorted((folder / "funnel").glob("*.sql")) + sorted((folder / "engine").glob("*.sql"))
    source = "\n".join(file.read_text("utf-8") for file in files)
    adapter.module = environment.from_string(source).module
    return adapter.module


def render(macro: str, *arguments: object, engine: str = "duckdb") -> str:
    """SQL text of a macro in dbt_project/macros/funnel or macros/engine.

    `engine`: whose dispatch is rendered; `default` gives the portable window-function kernel.
    """
    return str(getattr(_module(engine), macro)(*arguments)).strip()


def funnel_specs(funnels: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Complete funnel specs from the `funnels:` block, every default filled in by the macro."""
    return cast(list[dict[str, Any]], json.loads(render("funnel_specs", json.dumps(funnels))))


def definition_hash(spec: Mapping[str, Any]) -> str:
    """The 12 hex digits that name a funnel's rules: equal as long as no number can change."""
    text = render("funnel_definition", json.dumps(spec))
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()[:12]
