"""What a value of the definitions can be: each type with the message that refuses the rest."""

import datetime as dt
import re
from collections.abc import Callable
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict
from pydantic_core import PydanticCustomError

from funnelkit.errors import FunnelkitError, did_you_mean
from funnelkit.project import reserved
from funnelkit.project.durations import ACCEPTED, parse_duration

PROPERTY_TYPES = ("varchar", "integer", "bigint", "double", "boolean", "date", "timestamp")


def wrong(text: str) -> PydanticCustomError:
    """What a validator raises: `text` is what is wrong, and what is accepted."""
    # Braces are data here: pydantic would read them as placeholders.
    return PydanticCustomError("funnelkit", "{text}", {"text": text})


def _window(value: Any) -> Any:
    return None if value is None else _duration(value)


def _duration(value: Any) -> int:
    if not isinstance(value, str):
        given = "nothing" if value is None else repr(value)
        raise wrong(f"{given} is not a duration; accepted: {ACCEPTED}")
    try:
        return parse_duration(value)
    except FunnelkitError as error:
        raise wrong(f"{error.message}; {error.hint}") from None


def _text(value: str) -> str:
    if not value.strip():
        raise wrong("empty; write a text")
    if any(ord(char) < 32 and char not in "\n\t" for char in value):
        raise wrong("holds a control character")
    return value


def _slug(value: str) -> str:
    # Names become file names, tables' keys and words on a command line.
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_-]{0,62}", value):
        raise wrong("a name has letters, digits, '_' and '-', and starts with a letter")
    return value


def _property_name(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]{0,62}", value):
        raise wrong("a property's name has letters, digits and '_', and starts with a letter")
    if value.lower() in reserved.COLUMNS or value.lower().startswith(reserved.PREFIX):
        raise wrong("this name is taken: every event and user already has such a column")
    if value.lower() in reserved.WORDS:
        raise wrong("a word of SQL, which cannot be a column's name")
    return value


def _property_type(value: Any) -> str:
    text = "".join(value.lower().split()) if isinstance(value, str) else ""
    decimal = re.fullmatch(r"decimal\(([0-9]{1,2}),([0-9]{1,2})\)", text)
    if decimal and 1 <= int(decimal[1]) <= 38 and int(decimal[2]) <= int(decimal[1]):
        return text
    if text in PROPERTY_TYPES:
        return text
    if text.startswith("decimal(") and ")" not in text:
        raise wrong(f"unknown type {value!r}; inside {{…}} write 'decimal(18,2)' in quotes")
    near = did_you_mean(text, PROPERTY_TYPES) if text else None
    guess = f"{near} " if near and near.startswith("did") else ""
    known = f"types: {', '.join(PROPERTY_TYPES)}, decimal(p,s)"
    raise wrong(f"unknown type {value!r}; {guess}{known}")


def _timezone(value: Any) -> str:
    if isinstance(value, str) and _is_zone(value):
        return value
    import zoneinfo

    near = did_you_mean(str(value), zoneinfo.available_timezones())
    guess = near if near and near.startswith("did") else "write one such as 'Europe/Berlin'"
    raise wrong(f"{value!r} is not an IANA time zone; {guess}")


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
        raise wrong(f"{value!r} is not a time; {example}") from None


def _date(value: Any) -> Any:
    if isinstance(value, str) and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value):
        try:
            return dt.date.fromisoformat(value)
        except ValueError:
            pass
    raise wrong(f"{value!r} is not a date; write 2026-02-14")


def _names(value: Any) -> Any:
    if isinstance(value, str):
        return [value]
    if value == []:
        raise wrong("an empty list; name at least one event")
    if isinstance(value, list | tuple):
        return value
    raise wrong(f"{value!r} is not an event; write a name or [a, b], numbers in quotes")


def _share(value: Any) -> Any:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise wrong(f"{value!r} is not a share from 0 to 1; write 0.05 for 5 %")
    return float(value)


def whole_number(least: int) -> Callable[[Any], int]:
    """A validator of whole numbers from `least` on."""

    def check(value: Any) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise wrong(f"{value!r} is not a whole number from {least} on")
        return int(value)

    return check


Text = Annotated[str, AfterValidator(_text)]
Name = Annotated[str, AfterValidator(_slug)]
Events = Annotated[tuple[Text, ...], BeforeValidator(_names)]
PropertyName = Annotated[str, AfterValidator(_property_name)]
PropertyType = Annotated[str, BeforeValidator(_property_type)]
TimeZone = Annotated[str, BeforeValidator(_timezone)]
Date = Annotated[dt.date, BeforeValidator(_date)]
Instant = Annotated[dt.datetime, BeforeValidator(_instant)]
Duration = Annotated[int, BeforeValidator(_duration)]  # microseconds
Window = Annotated[int | None, BeforeValidator(_window)]  # microseconds; None for none
Share = Annotated[float, BeforeValidator(_share)]
Properties = dict[PropertyName, PropertyType]


class Strict(BaseModel):
    """A frozen mapping that refuses keys it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)
