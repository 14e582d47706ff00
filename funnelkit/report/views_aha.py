"""The tables below the charts of aha moments, retention and the search."""

from collections.abc import Mapping

from funnelkit.report.columns import AHA_COLUMNS
from funnelkit.report.findings import Record, interval, records, value_name, with_interval
from funnelkit.report.findings_aha import (
    NOT_REACHED,
    REACHED,
    difference,
    names,
    short_rule,
    split_rows,
)
from funnelkit.report.model import AhaSection, SearchSection
from funnelkit.report.views import LEVEL, MOST_PERIODS, Cell, view
from funnelkit.table import Column, Table, Value

EVERYBODY = "all"
MOST_COHORTS = 12
MOST_WEEKS = 8


def reach_view(table: Table) -> Table:
    """The total's row, then one per entry week: the latest 53."""
    rows = records(table)
    kept = [row for row in rows if row["cohort"] is None]
    kept += [row for row in rows if row["cohort"] is not None][-MOST_PERIODS:]
    first: list[Cell] = [
        (AHA_COLUMNS["cohort"], lambda row: row["cohort"] or EVERYBODY),
        (AHA_COLUMNS["state"], lambda row: row["state"]),
    ]
    return view(kept, [*first, *_reach_cells()])


def value_view(name: str, table: Table) -> Table:
    """A row per value of a breakdown."""
    rest = _reach_cells()
    label = f"Value of {name}" if name in {column.label for column, _ in rest} else name
    return view(records(table), [(Column("value", "text", label), value_name), *rest])


def _reach_cells() -> list[Cell]:
    counts: list[Cell] = [_plain(name) for name in ("entrants", "matured", "reached")]
    return [
        *counts,
        _rate("reach", ("reach", "reach_lo", "reach_hi"), f"Reach ({LEVEL})"),
        _while_open(_rate("km", ("km_reach", "km_lo", "km_hi"), f"Kaplan-Meier ({LEVEL})")),
        _while_open((Column("bounds_interval", "text", "Bounds"), _bounds)),
    ]


def _bounds(row: Record) -> Value:
    return interval(row["bound_lo"], row["bound_hi"])


def _while_open(cell: Cell) -> Cell:
    """Nothing where nobody is open: the reach says it all."""
    column, value = cell
    return (
        column,
        lambda row: value(row) if row["open"] or row["matured"] < row["entrants"] else None,
    )


def aha_times_view(table: Table) -> Table:
    """A row per point of the curve."""
    reached = _rate("reached", ("reached_share", "lo", "hi"), f"Reached ({LEVEL})")
    return view(records(table), [_plain("seconds"), reached])


def stuck_view(section: AhaSection) -> Table:
    """A row per last step and what came next."""
    cells = [
        (Column("step_name", "text", "Last step"), lambda row: row["step_name"]),
        _plain("next_event"),
        (Column("entities", "count", section.entities.capitalize()), lambda row: row["entities"]),
        _rate("share", ("share", "share_lo", "share_hi"), f"Share ({LEVEL})"),
    ]
    rows = records(section.stuck)
    return view(rows, cells if any(row["step_name"] for row in rows) else cells[1:])


def split_view(section: AhaSection) -> Table:
    """A row per week: who reached it beside who did not."""
    by_week: dict[int, Record] = {}
    for value, rows in split_rows(section).items():
        for row in rows:
            by_week.setdefault(int(row["week"]), {"week": row["week"]})[value] = row
    cells: list[Cell] = [_plain("week")]
    for value in (REACHED, NOT_REACHED):
        cells += [_came_back(value), _n(value)]
    return view([by_week[week] for week in sorted(by_week)], cells)


def _came_back(value: str) -> Cell:
    def cell(row: Record) -> Value:
        found = row.get(value)
        ends = ("retention", "retention_lo", "retention_hi")
        return with_interval(*(found[end] for end in ends)) if found else None

    name = "interval_" + value.replace(" ", "_")
    return Column(name, "text", f"{value.capitalize()} ({LEVEL})"), cell


def _n(value: str) -> Cell:
    def cell(row: Record) -> Value:
        found = row.get(value)
        return found["matured"] if found else None

    return Column("n_" + value.replace(" ", "_"), "count", f"n, {value}"), cell


def triangle_rows(section: AhaSection) -> dict[str, dict[int, Record]]:
    """The latest 12 entry weeks, each with its first weeks that are over for all of it."""
    found: dict[str, dict[int, Record]] = {}
    for row in records(section.cohorts):
        if row["matured"] == row["entrants"] and int(row["week"]) < MOST_WEEKS:
            found.setdefault(str(row["cohort"]), {})[int(row["week"])] = row
    return {cohort: found[cohort] for cohort in sorted(found)[-MOST_COHORTS:]}


def triangle_view(section: AhaSection) -> Table:
    """A row per entry week, a column per week after the entry."""
    rows = triangle_rows(section)
    weeks = sorted({week for cells in rows.values() for week in cells})
    columns = (
        AHA_COLUMNS["cohort"],
        AHA_COLUMNS["entrants"],
        *(Column(f"week_{week}", "share", f"Week {week}") for week in weeks),
    )
    return Table(
        columns,
        tuple(
            (cohort, _size(cells), *(_came(cells.get(week)) for week in weeks))
            for cohort, cells in rows.items()
        ),
    )


def _size(cells: Mapping[int, Record]) -> Value:
    return next((row["entrants"] for row in cells.values()), None)


def _came(row: Record | None) -> Value:
    return row["retention"] if row else None


def findings_view(section: SearchSection) -> Table:
    """A row per event that was searched."""
    cells: list[Cell] = [
        (AHA_COLUMNS["event"], _event_and_rule),
        _plain("reach"),
        _plain("ppv"),
        _plain("rate_without"),
        _difference("rd_discovery", "On the half that proposes"),
        _difference("rd", "On the half that decides"),
        (Column("why", "text", "Verdict, and why"), _verdict),
    ]
    return view(records(section.findings), cells)


def _event_and_rule(row: Record) -> Value:
    return " ".join(filter(None, (str(row["event"]), short_rule(row))))


def _verdict(row: Record) -> Value:
    return ": ".join(filter(None, (row["verdict"], row["why"])))


def cells_view(section: SearchSection) -> Table:
    """A row per number of times, a column per number of days."""
    rows = records(section.cells)
    days = names(rows, "within_days")
    found: Mapping[tuple[int, int], Record] = {
        (int(row["at_least"]), int(row["within_days"])): row for row in rows
    }
    columns = [
        AHA_COLUMNS["at_least"],
        *(Column(f"interval_{day}", "text", f"In {day} d ({LEVEL})") for day in days),
    ]
    return Table(
        tuple(columns),
        tuple(
            (least, *(_cell_difference(found.get((least, day))) for day in days))
            for least in names(rows, "at_least")
        ),
    )


def _cell_difference(row: Record | None) -> Value:
    return difference(row["rd"], row["rd_lo"], row["rd_hi"]) if row else None


def _difference(name: str, label: str) -> Cell:
    column = Column(f"{name}_interval", "text", f"{label} ({LEVEL})")
    return column, lambda row: difference(row[name], row[f"{name}_lo"], row[f"{name}_hi"])


def _rate(name: str, columns: tuple[str, str, str], label: str) -> Cell:
    column = Column(f"{name}_interval", "text", label)
    return column, lambda row: with_interval(*(row[each] for each in columns))


def _plain(name: str) -> Cell:
    return AHA_COLUMNS[name], lambda row: row[name]
