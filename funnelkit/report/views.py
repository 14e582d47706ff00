"""The tables that stand below the charts: the rows and columns that the chart draws."""

from collections.abc import Callable, Sequence

from funnelkit.report.columns import KNOWN_COLUMNS
from funnelkit.report.findings import (
    Record,
    final_rows,
    has_window,
    records,
    share_of,
    value_name,
    value_rows,
    with_interval,
)
from funnelkit.table import Column, Kind, Table, Value

Cell = tuple[Column, Callable[[Record], Value]]


MOST_PERIODS = 53
LEVEL = "95 % interval"


def latest_periods(table: Table) -> Table:
    """The rows of the latest 53 periods: a year of weeks; the CSV keeps them all."""
    if "period" not in table.names:
        return table
    kept = set(list(dict.fromkeys(table.column("period")))[-MOST_PERIODS:])
    at = table.names.index("period")
    return Table(table.columns, tuple(row for row in table.rows if row[at] in kept))


def latest_of(table: Table, column: str = "period") -> str:
    """` (the latest 53 of 104)` where `latest_periods` leaves some out, else nothing."""
    number = len({*table.column(column)} - {None}) if column in table.names else 0
    return f" (the latest {MOST_PERIODS} of {number})" if number > MOST_PERIODS else ""


def steps_view(table: Table) -> Table:
    """A row per step: what a reader needs; quartiles of the times stand in the CSV alone."""
    cells = [
        _plain("step_name"),
        _plain("reached"),
        _cell("of_entrants", "share", "Of entrants", _of_entrants),
        *_counts(table, ("open", "lost", "matured", "matured_reached")),
        _rate("conversion", "Conversion"),
        _rate("step_conversion", "From step before"),
        _plain("median_seconds"),
    ]
    return view(records(table), cells)


def breakdown_view(name: str, table: Table) -> Table:
    """A row per value, at the last step."""
    rest = _final_cells(table)
    taken = {column.label for column, _ in rest}
    label = f"Value of {name}" if name in taken else name
    return view(value_rows(table), [_cell("value", "text", label, value_name), *rest])


def trend_view(table: Table) -> Table:
    """A row per entry week, at the last step."""
    first = [_plain("period"), _plain("period_state")]
    return view(final_rows(table), [*first, *_final_cells(table)])


def times_view(table: Table) -> Table:
    """A row per point of the curve."""
    cells = [
        _plain("seconds"),
        _cell("converted_interval", "text", f"Converted ({LEVEL})", _converted),
        _plain("at_risk"),
    ]
    return view(records(table), cells)


def _final_cells(table: Table) -> list[Cell]:
    return [
        _plain("entered"),
        _plain("reached"),
        *_counts(table, ("open", "matured", "matured_reached")),
        _rate("conversion", "Conversion"),
    ]


def _counts(table: Table, names: Sequence[str]) -> list[Cell]:
    return [_plain(name) for name in names] if has_window(table) else []


def _plain(name: str) -> Cell:
    return KNOWN_COLUMNS[name], lambda record: record[name]


def _cell(name: str, kind: Kind, label: str, value: Callable[[Record], Value]) -> Cell:
    return Column(name, kind, label), value


def _of_entrants(record: Record) -> Value:
    return share_of(record["reached"], record["entered"])


def _rate(name: str, label: str) -> Cell:
    """A rate and its interval in one cell: `68.4 % (66.2–70.5 %)`."""
    return _cell(
        f"{name}_interval",
        "text",
        f"{label} ({LEVEL})",
        lambda record: with_interval(*(record[f"{name}{end}"] for end in ("", "_lo", "_hi"))),
    )


def _converted(record: Record) -> Value:
    return with_interval(record["converted_share"], record["lo"], record["hi"])


def view(rows: Sequence[Record], cells: Sequence[Cell]) -> Table:
    """A table of these records by these columns."""
    columns = tuple(column for column, _ in cells)
    return Table(columns, tuple(tuple(value(row) for _, value in cells) for row in rows))
