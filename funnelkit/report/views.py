"""The tables that stand below the charts: the rows and columns that the chart draws."""

from collections.abc import Callable, Sequence

from funnelkit.report.findings import (
    Record,
    final_rows,
    has_window,
    interval,
    records,
    share_of,
    value_name,
    value_rows,
)
from funnelkit.report.model import KNOWN_COLUMNS
from funnelkit.table import Column, Kind, Table, Value

Cell = tuple[Column, Callable[[Record], Value]]


MOST_PERIODS = 53


def latest_periods(table: Table) -> Table:
    """The rows of the latest 53 periods: a year of weeks; the CSV keeps them all."""
    if "period" not in table.names:
        return table
    kept = set(list(dict.fromkeys(table.column("period")))[-MOST_PERIODS:])
    at = table.names.index("period")
    return Table(table.columns, tuple(row for row in table.rows if row[at] in kept))


def latest_of(table: Table) -> str:
    """` (the latest 53 of 104)` where `latest_periods` leaves some out, else nothing."""
    number = len(set(table.column("period"))) if "period" in table.names else 0
    return f" (the latest {MOST_PERIODS} of {number})" if number > MOST_PERIODS else ""


def steps_view(table: Table) -> Table:
    """A row per step: counts, conversion and times."""
    cells = [
        _plain("step_name"),
        _plain("reached"),
        _cell("of_entrants", "share", "Of entrants", _of_entrants),
        *_counts(table, ("open", "lost", "matured", "matured_reached")),
        _plain("conversion"),
        _cell("interval", "text", "95 % interval", _conversion_interval),
        _plain("step_conversion"),
        _cell("step_interval", "text", "95 % interval", _step_interval),
        _plain("median_seconds"),
        _plain("p25_seconds"),
        _plain("p75_seconds"),
        _plain("p90_seconds"),
    ]
    return _view(records(table), cells)


def breakdown_view(name: str, table: Table) -> Table:
    """A row per value, at the last step."""
    first = _cell("value", "text", name, value_name)
    return _view(value_rows(table), [first, *_final_cells(table)])


def trend_view(table: Table) -> Table:
    """A row per entry week, at the last step."""
    first = [_plain("period"), _plain("period_state")]
    return _view(final_rows(table), [*first, *_final_cells(table)])


def times_view(table: Table) -> Table:
    """A row per point of the curve."""
    cells = [
        _plain("seconds"),
        _plain("converted_share"),
        _cell("interval", "text", "95 % interval", lambda r: interval(r["lo"], r["hi"])),
        _plain("at_risk"),
    ]
    return _view(records(table), cells)


def _final_cells(table: Table) -> list[Cell]:
    return [
        _plain("entered"),
        _plain("reached"),
        *_counts(table, ("open", "matured", "matured_reached")),
        _plain("conversion"),
        _cell("interval", "text", "95 % interval", _conversion_interval),
    ]


def _counts(table: Table, names: Sequence[str]) -> list[Cell]:
    return [_plain(name) for name in names] if has_window(table) else []


def _plain(name: str) -> Cell:
    return KNOWN_COLUMNS[name], lambda record: record[name]


def _cell(name: str, kind: Kind, label: str, value: Callable[[Record], Value]) -> Cell:
    return Column(name, kind, label), value


def _of_entrants(record: Record) -> Value:
    return share_of(record["reached"], record["entered"])


def _conversion_interval(record: Record) -> Value:
    return interval(record["conversion_lo"], record["conversion_hi"])


def _step_interval(record: Record) -> Value:
    return interval(record["step_conversion_lo"], record["step_conversion_hi"])


def _view(rows: Sequence[Record], cells: Sequence[Cell]) -> Table:
    columns = tuple(column for column, _ in cells)
    return Table(columns, tuple(tuple(value(row) for _, value in cells) for row in rows))
