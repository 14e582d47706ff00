"""What a project defines under `vars: funnelkit:`, as typed, frozen values.

Unknown keys are errors. What the design knows and this version does not do is refused by name,
never ignored; whole sections that only later versions read are kept as they are (`unused`).
"""

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, ClassVar, Literal, NamedTuple

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    model_validator,
)
from pydantic_core import PydanticCustomError

from funnelkit.errors import FunnelkitError, did_you_mean
from funnelkit.project import reserved
from funnelkit.project.durations import ACCEPTED, parse_duration

MAX_STEPS = 31  # one bit a step in the kernel's mask
MAX_FUNNELS = 127  # the funnel's number shares 64 bits with lane and entity
PROPERTY_TYPES = ("varchar", "integer", "bigint", "double", "boolean", "date", "timestamp")
ENTITIES = ("user_id", "account_id")
LATER_SECTIONS = (
    "sessions",
    "segments",
    "outcomes",
    "aha_moments",
    "aha_search",
    "features",
    "feedback",
)
# Checked, but read by nothing yet: take a name out as soon as something does.
_CHECKED_ONLY = ("annotations",)


def _wrong(text: str) -> PydanticCustomError:
    # Braces are data here: pydantic would read them as placeholders.
    return PydanticCustomError("funnelkit", "{text}", {"text": text})


def _not_yet(what: str) -> PydanticCustomError:
    return _wrong(f"not supported yet: {what}")


def _duration(value: Any) -> Any:
    if not isinstance(value, str):
        if value is None:
            return None
        raise _wrong(f"{value!r} is not a duration; accepted: {ACCEPTED}")
    try:
        return parse_duration(value)
    except FunnelkitError as error:
        raise _wrong(f"{error.message}; {error.hint}") from None


def _text(value: str) -> str:
    if not value.strip():
        raise _wrong("empty; write a text")
    if any(ord(char) < 32 and char not in "\n\t" for char in value):
        raise _wrong("holds a control character")
    return value


def _slug(value: str) -> str:
    # Names become file names, tables' keys and words on a command line.
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_-]{0,62}", value):
        raise _wrong("a name has letters, digits, '_' and '-', and starts with a letter")
    return value


def _property_name(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]{0,62}", value):
        raise _wrong("a property's name has letters, digits and '_', and starts with a letter")
    if value.lower() in reserved.COLUMNS:
        raise _wrong("this name is taken: every event and user already has such a column")
    if value.lower() in reserved.WORDS:
        raise _wrong("a word of SQL, which cannot be a column's name")
    return value


def _property_type(value: Any) -> str:
    text = "".join(value.lower().split()) if isinstance(value, str) else ""
    decimal = re.fullmatch(r"decimal\(([0-9]{1,2}),([0-9]{1,2})\)", text)
    if decimal and 1 <= int(decimal[1]) <= 38 and int(decimal[2]) <= int(decimal[1]):
        return text
    if text in PROPERTY_TYPES:
        return text
    if text.startswith("decimal(") and ")" not in text:
        raise _wrong(f"unknown type {value!r}; inside {{…}} write 'decimal(18,2)' in quotes")
    near = did_you_mean(text, PROPERTY_TYPES) if text else None
    guess = f"{near} " if near and near.startswith("did") else ""
    known = f"types: {', '.join(PROPERTY_TYPES)}, decimal(p,s)"
    raise _wrong(f"unknown type {value!r}; {guess}{known}")


def _timezone(value: Any) -> str:
    if isinstance(value, str) and _is_zone(value):
        return value
    import zoneinfo

    near = did_you_mean(str(value), zoneinfo.available_timezones())
    guess = near if near and near.startswith("did") else "write one such as 'Europe/Berlin'"
    raise _wrong(f"{value!r} is not an IANA time zone; {guess}")


def _is_zone(name: str) -> bool:
    import zoneinfo

    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_+\-]*(/[A-Za-z0-9_+\-]+)*", name):
        return False
    if name.split("/")[0] in ("localtime", "posix", "right", "posixrules", "Factory"):
        return False  # the machine's own, not a place
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        # On a machine without time zone data nobody can tell here; the database has its own.
        return not zoneinfo.available_timezones()
    return True


# A part of what the macro parse_time reads, so that both mean the same instant.
_TIME = (
    r"[12][0-9]{3}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]{1,6})?)?"
    r"(Z|[+-](0[0-9]|1[0-5])(:[0-5][0-9])?)?)?"
)


def _instant(value: Any) -> Any:
    if value is None:
        return None
    try:
        if not re.fullmatch(_TIME, value):
            raise ValueError
        at = dt.datetime.fromisoformat(value)
        return at.replace(tzinfo=dt.UTC) if at.tzinfo is None else at.astimezone(dt.UTC)
    except (TypeError, ValueError, OverflowError):
        example = "write 2026-06-29 or 2026-06-29T23:59:59Z"
        raise _wrong(f"{value!r} is not a time; {example}") from None


def _date(value: Any) -> Any:
    if isinstance(value, str) and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        try:
            return dt.date.fromisoformat(value)
        except ValueError:
            pass
    raise _wrong(f"{value!r} is not a date; write 2026-02-14")


def _names(value: Any) -> Any:
    if isinstance(value, str):
        return [value]
    if value == []:
        raise _wrong("an empty list; name at least one event")
    if isinstance(value, list | tuple):
        return value
    raise _wrong(f"{value!r} is not an event; write a name or [a, b], numbers in quotes")


def _steps(value: Any) -> Any:
    # Not by pydantic's own lengths: they leave out items that are mistakes themselves.
    if isinstance(value, list | tuple) and not 2 <= len(value) <= MAX_STEPS:
        count = f"{len(value)} step" + ("" if len(value) == 1 else "s")
        raise _wrong(f"{count}; a funnel has 2 to {MAX_STEPS}")
    return value


def _order(value: Any) -> Any:
    if value in ("strict", "any"):
        raise _not_yet(f"order: {value}")
    return value


def _entity(value: Any) -> Any:
    if isinstance(value, str) and value not in ENTITIES:
        raise _not_yet(f"entity: {value} (now: {' or '.join(ENTITIES)})")
    return value


def _breakdown(value: Any) -> Any:
    if isinstance(value, Mapping):
        options = ", ".join(str(key) for key in value if key != "property")
        raise _not_yet(f"a breakdown with {options or 'options'}; write the property's name alone")
    return value


Text = Annotated[str, AfterValidator(_text)]
Name = Annotated[str, AfterValidator(_slug)]
PropertyName = Annotated[str, AfterValidator(_property_name)]
PropertyType = Annotated[str, BeforeValidator(_property_type)]
Date = Annotated[dt.date, BeforeValidator(_date)]
Instant = Annotated[dt.datetime, BeforeValidator(_instant)]
Properties = dict[PropertyName, PropertyType]


def _step_name(step: Mapping[str, Any]) -> Any:
    """A step's name; left out, it is that of its event or events, as in the macro funnel_specs."""
    name, event = step.get("name"), step.get("event")
    if name is not None or not event:
        return name
    events = [event] if isinstance(event, str) else event
    whole = isinstance(events, list) and all(isinstance(each, str) for each in events)
    return "|".join(events) if whole else None


class Strict(BaseModel):
    """A frozen mapping that refuses keys it does not know.

    `later`: keys of the design that this version refuses as "not supported yet".
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    later: ClassVar[tuple[str, ...]] = ()


class Step(Strict):
    """A named predicate: any of `event`, and `where` (SQL over typed columns) if given.

    Written as an event's name alone, or with `name`, `event` or both.
    """

    later = ("optional",)

    name: Text = ""
    event: Annotated[tuple[Text, ...], BeforeValidator(_names)]
    where: Text | None = None

    @model_validator(mode="before")
    @classmethod
    def _both(cls, value: Any) -> Any:
        if isinstance(value, str):
            return {"name": value, "event": value}
        if not isinstance(value, Mapping):
            raise _wrong(f"{value!r} is not a step; write an event's name or {{name: …, event: …}}")
        given = {key: each for key, each in value.items() if each is not None}
        name = _step_name(given)
        return given if name is None else {"event": name, **given, "name": name}


class Funnel(Strict):
    """A funnel as written; `window_us` in microseconds, None for no window."""

    later = ("exclude", "hold", "step_window", "count", "anchor_first", "row_reuse")

    description: str = ""
    steps: Annotated[tuple[Step, ...], BeforeValidator(_steps)]
    window_us: Annotated[int | None, BeforeValidator(_duration), Field(alias="window")] = None
    entry: Literal["first", "best"] = "first"
    order: Annotated[Literal["ordered"], BeforeValidator(_order)] = "ordered"
    entity: Annotated[Literal["user_id", "account_id"], BeforeValidator(_entity)] = "user_id"
    breakdowns: tuple[Annotated[Text, BeforeValidator(_breakdown)], ...] = ()


class Report(Strict):
    """A report and what it shows; `aha` and `features` are not used by this version."""

    title: str = ""
    description: str = ""
    funnels: tuple[Text, ...] = ()
    aha: Any = None
    features: Any = None


class Definitions(Strict):
    """The whole `vars: funnelkit:` block.

    `observed_until` is UTC (a date alone means its first instant, a time without offset is UTC);
    None means the latest accepted event. Sections in LATER_SECTIONS are kept raw; `later` are those
    without which the numbers would not be what the author means.
    """

    later = ("events", "gates")

    timezone: Annotated[str, BeforeValidator(_timezone)] = "UTC"
    observed_until: Instant | None = None
    event_properties: Properties = Field(default_factory=dict)
    user_properties: Properties = Field(default_factory=dict)
    funnels: Annotated[dict[Name, Funnel], Field(max_length=MAX_FUNNELS)] = Field(
        default_factory=dict
    )
    reports: dict[Name, Report] = Field(default_factory=dict)
    annotations: dict[Date, Text] = Field(default_factory=dict)
    sessions: Any = None
    segments: Any = None
    outcomes: Any = None
    aha_moments: Any = None
    aha_search: Any = None
    features: Any = None
    feedback: Any = None

    @property
    def unused(self) -> tuple[str, ...]:
        """Sections that are written but that this version does not read, in a fixed order."""
        sections = (*LATER_SECTIONS, *_CHECKED_ONLY)
        whole = [name for name in sections if getattr(self, name)]
        parts = [
            f"reports.{name}.{key}"
            for name, report in self.reports.items()
            for key in ("aha", "features")
            if getattr(report, key) is not None
        ]
        return (*whole, *parts)


class Mistake(NamedTuple):
    """What is wrong at one place; `path` holds keys and list indexes from `vars: funnelkit:`."""

    path: tuple[str | int, ...]
    text: str


def references(raw: Mapping[str, Any]) -> Iterator[Mistake]:
    """Names that point at nothing, and names used twice, over the block as written.

    Works beside other mistakes: whatever has the wrong shape is passed over in silence here.
    """
    funnels = _mapping(raw.get("funnels"))
    known = [str(name) for name in _mapping(raw.get("user_properties"))]
    of_events = [str(name) for name in _mapping(raw.get("event_properties"))]
    for name, funnel in funnels.items():
        yield from _repeated_steps(name, _mapping(funnel))
        yield from _wrong_breakdowns(name, _mapping(funnel), known, of_events)
    for name, report in _mapping(raw.get("reports")).items():
        for at, funnel in enumerate(_list(_mapping(report).get("funnels"))):
            if isinstance(funnel, str) and funnel not in funnels:
                path = ("reports", name, "funnels", at)
                yield Mistake(path, _unknown("funnel", funnel, list(funnels), "funnels"))
    for section in ("event_properties", "user_properties"):
        yield from _repeated_properties(section, _mapping(raw.get(section)))


def _repeated_steps(name: str, funnel: Mapping[str, Any]) -> Iterator[Mistake]:
    seen: set[str] = set()
    for at, step in enumerate(_list(funnel.get("steps"))):
        label = step if isinstance(step, str) else _step_name(_mapping(step))
        if not isinstance(label, str):
            continue
        if label in seen:
            text = f"a second step named {label!r}; write {{name: …, event: {label}}}"
            yield Mistake(("funnels", name, "steps", at), text)
        seen.add(label)


def _wrong_breakdowns(
    name: str, funnel: Mapping[str, Any], known: list[str], of_events: list[str]
) -> Iterator[Mistake]:
    breakdowns = _list(funnel.get("breakdowns"))
    for at, breakdown in enumerate(breakdowns):
        path = ("funnels", name, "breakdowns", at)
        if not isinstance(breakdown, str):
            continue
        if breakdown in breakdowns[:at]:
            yield Mistake(path, f"{breakdown!r} again; once is enough")
        elif breakdown not in known:
            text = _unknown("user property", breakdown, known, "user_properties")
            yield Mistake(path, _of_events(breakdown) if breakdown in of_events else text)


def _repeated_properties(section: str, properties: Mapping[str, Any]) -> Iterator[Mistake]:
    seen: dict[str, str] = {}
    for name in map(str, properties):
        if name.lower() in seen:
            text = f"the same column as {seen[name.lower()]!r}: columns ignore case"
            yield Mistake((section, name), text)
        seen.setdefault(name.lower(), name)


def _of_events(name: str) -> str:
    return (
        f"{name!r} is an event property; a breakdown needs a user property: "
        "declare it in user_properties and load a users file"
    )


def _unknown(what: str, name: str, known: list[str], section: str) -> str:
    return f"unknown {what} {name!r}; {did_you_mean(name, known) or f'declare it in {section}'}"


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
