"""Outcomes, aha moments and the search as written, typed.

Each key alone is checked here; what does not go together, and names, in `aha_rules`.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, PlainValidator

from funnelkit.project.fields import Date, Duration, Events, Strict, Text, whole_number, wrong

DAY_US = 86_400_000_000
MOST = 50  # numbers of a grid: a cell each, for every event of the log
COUNTS = (1, 2, 3, 5, 7, 10)
DAYS = (1, 3, 7, 14)
ALIVE_US = 7 * DAY_US


def _grid(value: Any) -> Any:
    if not isinstance(value, list | tuple) or not value:
        raise wrong(f"{value!r} is not a list of numbers; write [1, 3, 7]")
    numbers = [whole_number(1)(each) for each in value]
    if len(numbers) > MOST:
        raise wrong(f"too many: at most {MOST}")
    if numbers != sorted(set(numbers)):
        raise wrong("write each number once, the smallest first")
    return numbers


def _negated(value: Any) -> Any:
    if isinstance(value, str):
        return value
    # As a model of its own: its mistakes keep their places below `not`.
    return Rules.model_validate(value)


def _counted(value: Any) -> Any:
    if value in ("events", "days"):
        return value
    if isinstance(value, Mapping):
        return Distinct.model_validate(value)
    raise wrong(f"{value!r} is not accepted; write events, days or {{distinct: an event property}}")


def _entry(value: Any) -> Any:
    return {"event": value} if isinstance(value, str | list | tuple) else value


Whole = Annotated[int, BeforeValidator(whole_number(1))]
Grid = Annotated[tuple[int, ...], BeforeValidator(_grid)]


class Entry(Strict):
    """The events of which an entity's first starts its clock.

    Written as an event's name, a list of names, or a mapping.
    """

    event: Events
    where: Text | None = None


class Distinct(Strict):
    """Counted are the different values of an event property, not the events."""

    distinct: Text


class Rules(Strict):
    """What is looked for, and when: [entry + after, entry + after + within), in microseconds.

    One of `event` (at least `at_least` of them, or with `sum` of that event property) and `funnel`
    (its first conversion).
    """

    event: Events | None = None
    where: Text | None = None
    sum: Text | None = None
    at_least: Whole | None = None
    funnel: Text | None = None
    after_us: Annotated[Duration | None, Field(alias="after")] = None
    within_us: Annotated[Duration | None, Field(alias="within")] = None


class Outcome(Rules):
    """What an entity did or did not do some time after its entry.

    `not_`: the opposite of another outcome, by name or as its rules; then nothing else is given.
    """

    description: str = ""
    not_: Annotated[Rules | str | None, PlainValidator(_negated), Field(alias="not")] = None


class Clock(Strict):
    """Who counts, and from when: a funnel's entities at their first entry, or those named here."""

    funnel: Text | None = None
    entity: Text | None = None
    entry: Annotated[Entry | None, BeforeValidator(_entry)] = None


class Moment(Clock):
    """A declared aha moment: `at_least` of something within `within_us` of the entry.

    `breakdowns`: user properties as of the entry; None: those of the funnel. `declared_on`: from
    then on entrants are evidence, those before may be what the rule was found on.
    """

    description: str = ""
    event: Events
    where: Text | None = None
    at_least: Whole = 1
    count: Annotated[Distinct | Literal["events", "days"], PlainValidator(_counted)] = "events"
    within_us: Annotated[Duration, Field(alias="within")]
    outcome: Text | None = None
    declared_on: Date | None = None
    breakdowns: tuple[Text, ...] | None = None


class Search(Clock):
    """Which behaviour in the first days goes with `outcome`; the grid is fixed before the run.

    `days`: lengths of the exposure windows. `alive_us`: in this time after the longest of them,
    an event of another name shows that somebody is still there. `events`: None for all.
    """

    outcome: Text
    counts: Grid = COUNTS
    days: Grid = DAYS
    alive_us: Annotated[Duration, Field(alias="alive")] = ALIVE_US
    stratify_by: tuple[Text, ...] = ()
    events: Events | None = None
    prerequisites: tuple[Text, ...] = ()
    salt: Text = "funnelkit"
