"""Reading a project's definitions: all mistakes at once, each with file, line and key."""

import types
import typing
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import BaseModel, ValidationError

from funnelkit.errors import FunnelkitError, did_you_mean
from funnelkit.project.definitions import Definitions
from funnelkit.project.document import Document, Placed, read_document
from funnelkit.project.fields import Strict
from funnelkit.project.references import references

EXAMPLE = """add the definitions to dbt_project.yml, for example

vars:
  funnelkit:
    timezone: Europe/Berlin
    funnels:
      activation:
        steps: [signed_up, first_report]
        window: 14 days"""


class Source(NamedTuple):
    """A project's definitions: checked, and `raw` as written, which is what the macros get.

    `raw` is JSON-able, in the order of the file; dates and times are ISO text.
    """

    definitions: Definitions
    raw: dict[str, Any]
    document: Document

    def place(self, *path: str | int) -> str:
        """`dbt_project.yml:14: funnels.buy.steps[1].where`, for keys below `vars: funnelkit:`."""
        whole = (*_TOP, *path)
        return _placed(self.document.file, self.document.line(whole), whole)


def read(file: Path) -> Source:
    """Definitions under `vars: funnelkit:` of a dbt_project.yml (the file, or its folder).

    Raises FunnelkitError with one line per mistake, `dbt_project.yml:14: funnels.activation.windw:
    unknown key; did you mean 'window'?`, in the order of the file.
    """
    document = read_document(file / "dbt_project.yml" if file.is_dir() else file)
    raw = _block(document)
    definitions, mistakes = _checked(document, raw)
    placed = {*document.mistakes, *mistakes}
    if placed or definitions is None:
        raise FunnelkitError("\n".join(_shown(document.file, each) for each in _ordered(placed)))
    return Source(definitions, raw, document)


def _block(document: Document) -> dict[str, Any]:
    value: Any = document.value
    for key in _TOP:
        value = value.get(key) if isinstance(value, dict) else None
    if isinstance(value, dict):
        return value
    if document.mistakes:  # they may be the reason
        lines = [_shown(document.file, each) for each in _ordered(set(document.mistakes))]
        raise FunnelkitError("\n".join(lines))
    at = f":{document.line(_TOP)}" if _TOP in document.lines else ""
    what = "vars: funnelkit: is empty" if value is None else "vars: funnelkit: is not a mapping"
    missing = "no definitions under vars: funnelkit:"
    raise FunnelkitError(f"{document.file.name}{at}: {what if at else missing}", EXAMPLE)


_TOP = ("vars", "funnelkit")


def _checked(document: Document, raw: dict[str, Any]) -> tuple[Definitions | None, set[Placed]]:
    found: list[tuple[tuple[str | int, ...], str]] = [*references(raw)]
    definitions = None
    try:
        definitions = Definitions.model_validate(raw)
    except ValidationError as error:
        found += [(_path(each["loc"]), _said(each)) for each in error.errors(include_url=False)]
    # Of a value that could not be read its own mistake is told, not that it is missing.
    placed = {
        Placed(document.line((*_TOP, *path)), (*_TOP, *path), text)
        for path, text in found
        if (*_TOP, *path) not in document.lost
    }
    return definitions, placed


def _path(loc: tuple[str | int, ...]) -> tuple[str | int, ...]:
    # pydantic marks a bad key of a mapping with a last part of its own.
    return loc[:-1] if loc and loc[-1] == "[key]" else loc


def _said(error: Any) -> str:
    kind, given, context = error["type"], error["input"], error.get("ctx", {})
    match kind:
        case "extra_forbidden":
            return _unknown_key(error["loc"])
        case "missing":
            return f"missing; {_shape(error['loc'])}"
        case "literal_error":
            return f"{_brief(given)} is not accepted; write {context['expected']}"
        case "string_type":
            return f"must be text, not {_brief(given)}" + _quotes(given)
        case "dict_type" | "model_type":
            return f"must be a mapping of key: value, not {_brief(given)}"
        case "bool_type":
            return f"must be true or false, not {_brief(given)}"
        case "tuple_type" | "list_type":
            return f"must be a list such as [a, b], not {_brief(given)}"
        case "too_long":
            return f"too many: at most {context['max_length']}"
    return str(error["msg"])


_SHAPES: dict[str | int, str] = {
    "steps": "list the steps: [signed_up, first_report]",
    "event": "write {name: …, event: …}",
    "property": "write {property: …, at: …}",
    "at": "write a step's name, first or last; a user property's name stands alone",
    "idle": "write {idle: 30 minutes}",
    "model": "write {model: my_events}",
    "within": "write within: 7 days",
    "outcome": "name one of `outcomes`",
    "distinct": "write {distinct: an event property}",
}


def _shape(loc: tuple[str | int, ...]) -> str:
    if loc[0] == "quality":
        return "write {name: bots, events: …}"
    if "exclude" in loc or "entry" in loc:
        return "write {event: …}"
    if loc[0] == "aha_moments" and loc[-1] == "event":
        return "write event: dashboard_shared"
    return _SHAPES.get(loc[-1], "write it")


# Words for a limit whose nearest spelling is the opposite limit.
_MEANT = {"fail_below": "fail_under", "fail_above": "fail_over"}


def _unknown_key(loc: tuple[str | int, ...]) -> str:
    model, key = _model_at(loc[:-1]), str(loc[-1])
    known = [field.alias or name for name, field in model.model_fields.items()]
    meant = _MEANT.get(key)
    return f"unknown key; {did_you_mean(meant if meant in known else key, known)}"


def _model_at(loc: tuple[str | int, ...]) -> type[Strict]:
    """The model whose mapping stands at `loc`: the one that knows the right keys."""
    here: Any = Definitions
    for part in loc:
        if isinstance(here, type) and issubclass(here, BaseModel):
            fields = {each.alias or name: each for name, each in here.model_fields.items()}
            here = fields[str(part)].annotation
        else:  # dict[key, X], tuple[X, ...]
            arguments = typing.get_args(here)
            here = arguments[1] if typing.get_origin(here) is dict else arguments[0]
        here = _mapping_of(here)
    return typing.cast("type[Strict]", here)


def _mapping_of(annotation: Any) -> Any:
    """What a mapping is where it may also be left out or written short: the first of a union."""
    if typing.get_origin(annotation) not in (types.UnionType, typing.Union):
        return annotation
    return next(each for each in typing.get_args(annotation) if each is not type(None))


def _brief(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, dict):
        return "a mapping"
    if isinstance(value, list):
        return "a list"
    text = repr(value) if isinstance(value, str) else str(value).lower()
    return text if len(text) <= 60 else text[:57] + "…"


def _quotes(value: Any) -> str:
    return "; put it in quotes" if isinstance(value, bool | int | float) else ""


def _ordered(placed: set[Placed]) -> list[Placed]:
    return sorted(placed, key=lambda each: (each.line, [*map(str, each.path)], each.text))


def _shown(file: Path, mistake: Placed) -> str:
    return f"{_placed(file, mistake.line, mistake.path)}: {mistake.text}"


def _placed(file: Path, line: int, path: tuple[str | int, ...]) -> str:
    inside = path[:2] == _TOP and len(path) > 2
    parts = path[2:] if inside else path
    dotted = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in parts)
    return f"{file.name}:{line}: {dotted.lstrip('.')}"
