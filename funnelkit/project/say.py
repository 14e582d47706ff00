"""Features and feedback as written, typed: what customers can use, and what they are asked.

Each key alone is checked here; what does not go together, and names, in `say_rules`.
"""

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, PlainValidator, TypeAdapter

from funnelkit.project.aha import DAY_US, Whole
from funnelkit.project.fields import Date, Duration, Events, Name, Strict, Text, wrong
from funnelkit.project.quality import inside

USED_DAYS, WITHIN_US = 2, 28 * DAY_US  # as in the macro say_features
# Kinds with a scale and what it is, where the question names no other: as the macro say_scales.
SCALES = {
    "nps": (0, 10),
    "csat": (1, 5),
    "ces": (1, 7),
    "rating5": (1, 5),
    "importance": (1, 5),
    "satisfaction": (1, 5),
    "intent": (1, 5),
}
FIXED = ("nps", "rating5")  # kinds whose scale is part of what they are
CLAIMS = ("frequency", "amount")
_LOOKS_AROUND = re.compile(r"\(\?<?[=!]|\\[1-9]")
LEAST_RANGE = 3  # the upper two of a scale and the lower two are never the same


def _days(value: int) -> int:
    if value % DAY_US:
        raise wrong("not whole days; write 28 days")
    return value


def _topic(value: str) -> str:
    if len(value) > 1 and value.startswith("/") and value.endswith("/"):
        try:
            re.compile(value[1:-1], re.IGNORECASE)
        except re.error as error:
            raise wrong(f"{value!r} is no regular expression: {error}") from None
        if _LOOKS_AROUND.search(value):  # texts are searched in one pass
            raise wrong(
                f"{value!r} looks around or back, which is not known here; write it without"
            )
    return value


def _topics(value: Any) -> Any:
    if not isinstance(value, list | tuple) or not value:
        raise wrong(f"{value!r} is not a list of phrases; write [alert, /\\bpings?\\b/]")
    return value


def _scale(value: Any) -> Any:
    numbers = value if isinstance(value, list | tuple) else ()
    whole = all(isinstance(each, int) and not isinstance(each, bool) for each in numbers)
    if len(numbers) != 2 or not whole or numbers[1] - numbers[0] < LEAST_RANGE:
        raise wrong(
            f"{value!r} is not a scale; write [lowest, highest], at least {LEAST_RANGE} apart"
        )
    return tuple(numbers)


def _columns(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def _tolerance(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        raise wrong(f"{value!r} is not a number from 0 on; write 0.5")
    return float(value)


def _version(value: Any) -> Any:
    if not isinstance(value, str):
        raise wrong(f"{value!r} is not a version; write a text in quotes")
    return value


def _waves(value: Any) -> Any:
    if value in ("month", "quarter"):
        return value
    if isinstance(value, Mapping):
        # As a type of its own: mistakes keep their places below `waves`.
        return TypeAdapter(dict[Name, Wave]).validate_python(value)
    accepted = "month, quarter or {wave_1: {from: 2026-04-01, to: 2026-04-06}}"
    raise wrong(f"{value!r} is not accepted; write {accepted}")


Days = Annotated[Duration, AfterValidator(_days)]
Topics = Annotated[tuple[Annotated[Text, AfterValidator(_topic)], ...], BeforeValidator(_topics)]
Columns = Annotated[tuple[Text, ...], BeforeValidator(_columns)]


class Used(Strict):
    """Used: events on at least `days` days of the calendar within `within_us`."""

    days: Whole = USED_DAYS
    within_us: Annotated[Days, Field(alias="within")] = WITHIN_US


class Regular(Strict):
    """Used regularly: on at least so many days, within the time of `used`.

    None: 4, or those of `used` where they are more, or all where the time has fewer.
    """

    days: Whole | None = None


class Success(Strict):
    """When what a feature is for is done: the event, within so many microseconds of using it."""

    event: Events
    where: Text | None = None
    within_us: Annotated[Duration, Field(alias="within")]


class Feature(Strict):
    """What customers can use, and since when and who.

    `entitlement`: SQL over user properties; None: everybody. `topics`: phrases and /regexes/ by
    which texts speak of it.
    """

    description: str = ""
    events: Events
    where: Text | None = None
    used: Used = Field(default_factory=Used)
    regular: Regular = Field(default_factory=Regular)
    released_on: Date | None = None
    entitlement: Text | None = None
    topics: Topics | None = None
    success: Success | None = None


class Claim(Strict):
    """What the log has to say to an answer: events, days with one, or the sum of a property."""

    event: Events
    where: Text | None = None
    sum: Text | None = None
    count: Literal["events", "days"] | None = None
    within_us: Annotated[Duration, Field(alias="within")]


class Question(Strict):
    """What was asked; `columns`: those of a wide export that hold the answers."""

    kind: Literal[
        "nps",
        "csat",
        "ces",
        "rating5",
        "importance",
        "satisfaction",
        "intent",
        "frequency",
        "amount",
        "choice",
        "text",
    ]
    description: str = ""
    feature: Text | None = None
    columns: Annotated[Columns, Field(alias="column")] = ()
    scale: Annotated[tuple[int, int] | None, BeforeValidator(_scale)] = None
    claim: Claim | None = None
    tolerance: Annotated[float | None, BeforeValidator(_tolerance)] = None
    unit: Text | None = None


class Wave(Strict):
    """A round of asking, in days of the project's calendar, `to` included."""

    from_: Annotated[Date, Field(alias="from")]
    to: Date


class Weights(Strict):
    """What answers are weighted by beside active days and tenure."""

    by: tuple[Text, ...] = ()
    segments: tuple[Text, ...] = ()
    aha: Text | None = None


class Feedback(Strict):
    """What customers are asked, when, and what their texts can be about.

    `version`: of the themes and topics, printed with figures. `waves`: by month or quarter of the
    calendar, or those declared; None: one of all answers. `labels`: a file of labelled sentences.
    """

    version: Annotated[str, BeforeValidator(_version)] = ""
    questions: dict[Name, Question] = Field(default_factory=dict)
    waves: Annotated[
        dict[Name, Wave] | Literal["month", "quarter"] | None, PlainValidator(_waves)
    ] = None
    weights: Weights = Field(default_factory=Weights)
    themes: dict[Name, Topics] = Field(default_factory=dict)
    labels: Annotated[Text, AfterValidator(inside)] | None = None
