"""Which column of an unknown log is what: by name, then by values, always with the reason."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

from funnelkit.errors import FunnelkitError
from funnelkit.warehouse.mapping import listed
from funnelkit.warehouse.sources import Scan
from funnelkit.warehouse.times import time_sql

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_LOOK = 10_000  # rows

# Lower case, letters and digits only; the likelier first.
_NAMES = {
    "occurred_at": "occurredat timestamp eventtime eventtimestamp time ts datetime eventdate"
    " createdat date clienttime at",
    "event_name": "eventname event eventtype action activity name type eventaction",
    "user_id": "userid user uid customerid memberid distinctid personid customer clientid"
    " visitorid email",
    "anonymous_id": "anonymousid anonid deviceid visitorid cookieid",
    "event_id": "eventid messageid insertid uuid",
    "received_at": "receivedat ingestedat servertime loadedat",
    "account_id": "accountid organizationid orgid companyid workspaceid tenantid teamid",
    "properties": "properties props eventproperties payload attributes",
}


class Guess(NamedTuple):
    """A target, the column proposed for it, and why."""

    target: str
    column: str
    why: str


class _Seen(NamedTuple):
    """A column's values in the first rows."""

    name: str
    rows: int
    values: int
    different: int
    times: int
    numbers: int
    objects: int

    @property
    def are_times(self) -> bool:
        return self.values > 0 and self.times >= 0.95 * self.values

    @property
    def is_name(self) -> bool:
        """Few different texts, most of them often: the names of events."""
        few = 1 <= self.different <= max(2, min(500, self.values / 2))
        return few and self.values > 0 and not self.numbers and not self.times


def guesses(
    con: "DuckDBPyConnection", scan: Scan, mapping: Mapping[str, str], time_format: str | None
) -> tuple[Guess, ...]:
    """A proposal for each target that `mapping` leaves open and the file seems to have.

    Raises FunnelkitError if no column looks like the time, the event or the user.
    """
    free = [c for c in _seen(con, scan, time_format) if c.name not in mapping.values()]
    found: dict[str, Guess] = {}
    # Names first: what is called `customer` is no candidate for the event, whatever its values.
    for by in (_by_name, _by_values):
        for target in _NAMES:
            guess = None if target in mapping or target in found else by(target, free)
            if guess is not None:
                found[target] = guess
                free = [each for each in free if each.name != guess.column]
    _check(scan, {*mapping, *found})
    return tuple(found[target] for target in _NAMES if target in found)


def _seen(con: "DuckDBPyConnection", scan: Scan, time_format: str | None) -> list[_Seen]:
    if not scan.columns:
        return []
    number = "'-?[0-9]+([.][0-9]+)?'"
    counts = [
        f"[count({text}), count(distinct {text}), count({time_sql(text, time_format)}),"
        f" count(*) filter (regexp_full_match({text}, {number})),"
        f" count(*) filter (try(json_type({text})) = 'OBJECT')]"
        for text in (f"c{i}" for i in range(len(scan.columns)))
    ]
    cells = ", ".join(f"{text} as c{i}" for i, text in enumerate(scan.text))
    ((rows, *each),) = con.execute(
        f"select count(*), {', '.join(counts)} from (select {cells} from {scan.peek} limit {_LOOK})"
    ).fetchall()
    return [_Seen(name, rows, *row) for name, row in zip(scan.columns, each, strict=True)]


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _by_name(target: str, columns: Iterable[_Seen]) -> Guess | None:
    named = {_plain(each.name): each for each in columns}
    for name in _NAMES[target].split():
        each = named.get(name)
        if each is not None and _fits(target, each):
            return Guess(target, each.name, _why(target, each))
    return None


def _fits(target: str, each: _Seen) -> bool:
    if target.endswith("_at"):
        return each.are_times
    if target == "properties":
        return each.values > 0 and each.objects == each.values
    if target == "event_name":
        return each.values > 0 and not each.are_times and not each.objects
    return each.values > 0 and not each.objects


def _by_values(target: str, columns: Sequence[_Seen]) -> Guess | None:
    """The most likely of the columns whose values fit; only for what every log must have."""
    fits = {
        "occurred_at": [each for each in columns if each.are_times],
        "event_name": [each for each in columns if each.is_name and each.different > 1],
        "user_id": [
            each
            for each in columns
            if 1 < each.different < each.values and not each.are_times and not each.objects
        ],
    }.get(target)
    if not fits:
        return None
    best = max(fits, key=lambda each: (each.values, each.different))
    return Guess(target, best.name, f"a guess: {_why(target, best)}")


def _why(target: str, each: _Seen) -> str:
    values = f"{each.values:,} values" if each.values != 1 else "1 value"
    if target.endswith("_at"):
        return f"{each.times:,} of {values} are times"
    if target == "properties":
        return f"{values}, all JSON objects"
    if target == "event_name":
        return f"{each.different:,} names in {each.rows:,} rows"
    return f"{each.different:,} different in {values}"


_WANTED = {
    "occurred_at": ("when it happened", "--map occurred_at=COLUMN, and --time-format if need be"),
    "event_name": ("what happened", "--map event_name=COLUMN, or --map event_name=\"'visit'\""),
    "user_id": ("who did it", "--map user_id=COLUMN, or --map anonymous_id=COLUMN"),
}


def _check(scan: Scan, filled: set[str]) -> None:
    for target, (what, hint) in _WANTED.items():
        if target in filled or (target == "user_id" and "anonymous_id" in filled):
            continue
        raise FunnelkitError(
            f"{scan.source.path.name}: no column looks like {what}; it has: {listed(scan.columns)}",
            hint,
        )
