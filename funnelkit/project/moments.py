"""Ends of a date range as people write them, in a time zone, as microseconds of UTC."""

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from funnelkit.errors import FunnelkitError, did_you_mean

ACCEPTED = "a date, 2026-01-31, or a time, '2026-01-31 14:30' or 2026-01-31T14:30:00Z"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_US = timedelta(microseconds=1)


def parse_moment(text: str, zone: str, end: Literal["since", "until"]) -> int:
    """Microseconds since 1970 of `--since`, or the first that is not meant by `--until`.

    A date is its whole day on the clocks of `zone`, a time is itself; a time with an offset needs
    no zone. Raises FunnelkitError for anything else, and for a zone that is not known.
    """
    clocks = time_zone(zone)
    text = text.strip()
    last = end == "until"
    try:
        if len(text) <= len("2026-01-31"):
            # Of midnights, not of hours: a day has 23 where the clocks go forward.
            day = date.fromisoformat(text) + timedelta(days=last)
            return _us(datetime.combine(day, time.min, clocks))
        moment = datetime.fromisoformat(text)
    except (ValueError, OverflowError) as error:
        raise FunnelkitError(
            f"--{end}: {text!r} is not a date or time{_reason(error)}", f"accepted: {ACCEPTED}"
        ) from None
    return _us(moment if moment.tzinfo else moment.replace(tzinfo=clocks)) + last


def time_zone(name: str) -> tzinfo:
    """The time zone of this name; raises FunnelkitError when there is none."""
    if name == "UTC":
        return UTC  # known also where there is no time zone data
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        from zoneinfo import available_timezones

        known = available_timezones()
        if not known:
            raise FunnelkitError(
                "this machine has no time zone data", "pip install tzdata, or write times in UTC"
            ) from None
        near = did_you_mean(name, known) or ""
        hint = near if near.startswith("did") else "like Europe/Berlin, America/New_York or UTC"
        raise FunnelkitError(f"no time zone is called {name!r}", hint) from None


def in_zone(us: int, zone: str) -> str:
    """A moment on the clocks of `zone`, as short as it can be: `2026-01-31`, `2026-01-31 14:30`."""
    local = (_EPOCH + us * _US).astimezone(time_zone(zone)).replace(tzinfo=None)
    if local.time() == time.min:
        return local.date().isoformat()
    parts = "minutes" if not local.second and not local.microsecond else "auto"
    return local.isoformat(" ", parts)


def iso_utc(us: int) -> str:
    """A moment as ISO 8601 in UTC, `2026-01-31T14:30:00Z`, with microseconds where it has some."""
    return (_EPOCH + us * _US).replace(tzinfo=None).isoformat() + "Z"


def _us(moment: datetime) -> int:
    return (moment - _EPOCH) // _US


def _reason(error: Exception) -> str:
    """What Python says of the parts, where it says more than that the format is unknown."""
    text = str(error)
    return f": {text}" if "must be in" in text or "out of range" in text else ""
