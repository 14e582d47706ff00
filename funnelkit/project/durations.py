"""Lengths of time as people write them, and back: `14 days` is 1,209,600,000,000 microseconds."""

import re

from funnelkit.errors import FunnelkitError, did_you_mean

_UNIT_US = {
    "second": 1_000_000,
    "minute": 60_000_000,
    "hour": 3_600_000_000,
    "day": 86_400_000_000,
    "week": 604_800_000_000,
}
_UNITS = {
    **_UNIT_US,
    **{f"{name}s": us for name, us in _UNIT_US.items()},
    "s": _UNIT_US["second"],
    "sec": _UNIT_US["second"],
    "min": _UNIT_US["minute"],
    "m": _UNIT_US["minute"],
    "h": _UNIT_US["hour"],
    "d": _UNIT_US["day"],
    "w": _UNIT_US["week"],
}
_LONGEST_US = 36_500 * _UNIT_US["day"]
ACCEPTED = "a whole number and seconds, minutes, hours, days or weeks: '14 days', '14d', '90 min'"


def parse_duration(text: str) -> int:
    """Microseconds in a duration such as `14 days`, `14d`, `90 minutes`, `2 weeks` or `1h`.

    A whole number above 0, then a unit (spaces and case do not matter): `s sec second(s)`,
    `m min minute(s)`, `h hour(s)`, `d day(s)`, `w week(s)`; at most 36,500 days.
    Raises FunnelkitError for anything else; months and years are refused, they have no fixed
    length.
    """
    message = f"{text!r} is not a duration"
    match = re.fullmatch(r" *([0-9]{1,15}) *([A-Za-z]+) *", text)
    if match is None:
        raise FunnelkitError(message, f"accepted: {ACCEPTED}")
    unit = match[2].lower()
    if unit in ("month", "months", "mo", "year", "years", "y"):
        which = "months" if unit.startswith("m") else "years"
        raise FunnelkitError(f"{message}: {which} have no fixed length", "say '30 days' instead")
    if unit not in _UNITS:
        near = did_you_mean(unit, [name for name in _UNITS if len(name) > 2]) or ""
        near = f"{near} " if near.startswith("did") else ""
        raise FunnelkitError(f"{message}: unknown unit {unit!r}", f"{near}accepted: {ACCEPTED}")
    us = int(match[1]) * _UNITS[unit]
    if not 0 < us <= _LONGEST_US:
        raise FunnelkitError(f"{message} between 1 second and 36,500 days", "say '14 days'")
    return us


def format_duration(us: int) -> str:
    """A duration in words: `14 days`, `90 minutes`, `1 hour`, `0.5 seconds`.

    `us` in microseconds; the largest unit that divides it, weeks never (windows are spoken of in
    days). `parse_duration` reads whole seconds back. Raises ValueError unless it is above 0.
    """
    if us <= 0:
        raise ValueError(f"us == {us}, must be above 0")
    for name in ("day", "hour", "minute", "second"):
        count, rest = divmod(us, _UNIT_US[name])
        if rest == 0:
            return f"{count} {name}" + ("" if count == 1 else "s")
    return f"{us / 1e6:,.6f}".rstrip("0") + " seconds"
