"""A time-to-convert curve with few enough points to read and to review."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from funnelkit.table import Table, Value

MOST_ROWS = 20  # about so many points are read
_PARTS = 14
_DAY = 86400
_UNITS = (1, 5, 15, 30, 60, 300, 900, 1800, 3600, 7200, 10800, 21600, 43200)
_DAYS = (1, 2, 3, 5, 7, 10, 14, 30, 60, 90, 180, 365, 730)


class Quartile(NamedTuple):
    """When a `part` of those who convert have done so: seconds, and the curve's share there."""

    part: float
    seconds: float
    share: float


def quartiles(
    rows: Sequence[dict[str, Any]], share: str = "converted_share", *, of_all: bool = False
) -> list[Quartile]:
    """When a quarter, half and three quarters of those who convert have done so; none if nobody.

    `share` is the column of the curve. `of_all`: parts of everybody, as far as the curve gets.
    """
    final = rows[-1][share] if rows else None
    if not final:
        return []
    found = []
    for part in (0.25, 0.5, 0.75):
        wanted = part * (1.0 if of_all else final) - 1e-9
        row = next((r for r in rows if (r[share] or 0.0) >= wanted), None)
        found += [] if row is None else [Quartile(part, row["seconds"], row[share])]
    return found


def nice_step(end: float, most: int) -> float:
    """The smallest round unit of time that fits into `end` seconds at most `most` times."""
    for unit in (*_UNITS, *(_DAY * days for days in _DAYS)):
        if end / unit <= most:
            return float(unit)
    return end / most


def multiples(step: float, end: float) -> list[float]:
    """0, step, 2 step, … up to `end`, inclusive."""
    return [step * number for number in range(int(end / step + 1e-9) + 1)]


def thinned(table: Table, share: str = "converted_share", *, of_all: bool = False) -> Table:
    """The curve read at round times and at its quartiles: about 20 rows; see `quartiles`.

    A Kaplan-Meier curve has a row per conversion: one more conversion would change all of them,
    nobody can read thousands, and of a few each would be one person's own time. Shares and
    intervals are the curve's own at that time; thinning twice changes nothing.
    """
    if not table.rows:
        return table
    records = table.records()
    end = float(records[-1]["seconds"] or 0)
    step = nice_step(end, _PARTS)
    times = {*multiples(step, end), step / 2, step / 4, end}
    times |= {mark.seconds for mark in quartiles(records, share, of_all=of_all)}
    return replace(table, rows=tuple(_row_at(table, time, share) for time in sorted(times)))


def _row_at(table: Table, time: float, share: str) -> tuple[Value, ...]:
    """The last row up to this time, under this time; nobody has converted before the first."""
    index = {name: number for number, name in enumerate(table.names)}
    seconds = [float(value or 0) for value in table.column("seconds")]
    known = [row for row, at in zip(table.rows, seconds, strict=True) if at <= time]
    later = [row for row, at in zip(table.rows, seconds, strict=True) if at >= time]
    row = list(known[-1] if known else table.rows[0])
    if not known:
        row[index[share]], row[index["lo"]], row[index["hi"]] = 0.0, None, None
    row[index["seconds"]] = time
    # Whoever is at risk just before the next conversion was at risk at this time.
    if later:
        row[index["at_risk"]] = later[0][index["at_risk"]]
    return tuple(row)
