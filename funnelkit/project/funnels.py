"""One funnel as written, typed: its steps, exclusions and breakdowns.

Each key alone is checked here; what does not go together in `rules`, names in `references`.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, StrictBool, model_validator

from funnelkit.project.fields import Events, Strict, Text, Window, wrong
from funnelkit.project.rules import AT_ENTRY, step_name

MAX_STEPS = 31  # one bit a step in the kernel's mask
MAX_EXCLUSIONS = 31  # likewise


def _steps(value: Any) -> Any:
    # Not by pydantic's own lengths: they leave out items that are mistakes themselves.
    if isinstance(value, list | tuple) and not 2 <= len(value) <= MAX_STEPS:
        count = f"{len(value)} step" + ("" if len(value) == 1 else "s")
        raise wrong(f"{count}; a funnel has 2 to {MAX_STEPS}")
    return value


def _exclusions(value: Any) -> Any:
    if isinstance(value, list | tuple) and len(value) > MAX_EXCLUSIONS:
        raise wrong(f"{len(value)} exclusions; a funnel has at most {MAX_EXCLUSIONS}")
    return value


def _mapping(value: Any, short: str, what: str, shape: str) -> dict[str, Any]:
    """What was written, a text alone as the value of the key `short`; nulls are as if left out."""
    if isinstance(value, str):
        return {short: value}
    if not isinstance(value, Mapping):
        raise wrong(f"{value!r} is not {what}; write {shape}")
    return {key: each for key, each in value.items() if each is not None}


class Step(Strict):
    """A named predicate: any of `event`, and `where` (SQL over typed columns) if given.

    Written as an event's name alone, or with `name`, `event` or both.
    """

    name: Text = ""
    event: Events
    where: Text | None = None
    optional: StrictBool = False

    @model_validator(mode="before")
    @classmethod
    def _both(cls, value: Any) -> Any:
        given = _mapping(value, "name", "a step", "an event's name or {name: …, event: …}")
        name = step_name(given)
        return given if name is None else {"event": name, **given, "name": name}


class Exclusion(Strict):
    """Events that end an attempt between two steps; None for the first and the last step.

    Written as an event's name alone, or as a mapping.
    """

    event: Events
    where: Text | None = None
    from_: Annotated[Text | None, Field(alias="from")] = None
    to: Text | None = None
    scope: Literal["attempt", "entity"] = "attempt"

    @model_validator(mode="before")
    @classmethod
    def _whole(cls, value: Any) -> Any:
        return _mapping(value, "event", "an exclusion", "an event's name or {event: …}")


class Breakdown(Strict):
    """A property and where its value is taken: `entry`, a step's name, `first` or `last`.

    Written as a property's name alone (of the entity, at its entry), or with `at`.
    """

    property: Text
    at: Text

    @model_validator(mode="before")
    @classmethod
    def _whole(cls, value: Any) -> Any:
        if isinstance(value, str):
            return {"property": value, "at": AT_ENTRY}
        shape = "a user property's name or {property: …, at: …}"
        return _mapping(value, "property", "a breakdown", shape)


class Funnel(Strict):
    """A funnel as written; windows in microseconds, None where none is given."""

    description: str = ""
    steps: Annotated[tuple[Step, ...], BeforeValidator(_steps)]
    window_us: Annotated[Window, Field(alias="window")] = None
    step_window_us: Annotated[Window, Field(alias="step_window")] = None
    entity: Text = "user_id"
    count: Literal["entities", "entries"] = "entities"
    order: Literal["ordered", "strict", "any"] = "ordered"
    anchor_first: StrictBool = False
    entry: Literal["first", "best"] = "first"
    hold: tuple[Text, ...] = ()
    row_reuse: StrictBool = False
    strict_increase: StrictBool = False
    exclude: Annotated[tuple[Exclusion, ...], BeforeValidator(_exclusions)] = ()
    breakdowns: tuple[Breakdown, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _every_entry(cls, value: Any) -> Any:
        every = isinstance(value, Mapping) and value.get("count") == "entries"
        return {"entry": "best", **value} if every else value
