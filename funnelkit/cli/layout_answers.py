"""How the tables of single questions look: comparisons, next events, other rules, proof rows."""

from funnelkit.cli.grid import Cell, Field, Grid
from funnelkit.cli.layout import (
    Row,
    Share,
    column,
    has,
    interval,
    rates,
    records,
    scaled,
    text,
    with_bars,
)
from funnelkit.table import Table, shown


def compared(table: Table) -> Grid:
    """One line a pair: both groups with their numbers, and the difference with its interval."""
    rows = records(table)
    fields: list[Field] = []
    for name in ("a", "b"):
        fields += [
            Field(name, column(rows, name, "text"), flexible=True),
            Field("converted", [_share_of(row, name) for row in rows], right=True),
        ]
    fields += [
        Field("a − b", [text(_points(row, "difference")) for row in rows], right=True),
        Field("95 %, pp", [_limits(row) for row in rows], right=True, drop=1),
        Field("p", column(rows, "p_value", "p"), right=True, drop=2),
        Field("q", column(rows, "q_value", "p"), right=True),
    ]
    return Grid(tuple(fields))


def _share_of(row: Row, name: str) -> Cell:
    """`16.7 % of 472`; of nobody there is no share."""
    size = ("" if row[f"conversion_{name}"] is None else " ") + f"of {row[f'n_{name}']:,}"
    return [*column([row], f"conversion_{name}", "share")[0], (size, "dim")]


def _points(row: Row, name: str) -> str:
    return "" if row[name] is None else shown(row[name], "points").removesuffix(" pp")


def _limits(row: Row) -> Cell:
    """`−1.2 to +7.4`: the limits of a difference, in percentage points."""
    known = row["lo"] is not None and row["hi"] is not None
    return text(f"{_points(row, 'lo')} to {_points(row, 'hi')}" if known else "", "dim")


def followed(table: Table, width: int | None) -> Grid:
    """One line an event: how many went on to it, of those who stopped, as a bar."""
    rows = records(table)
    share = Share("share", "share_lo", "share_hi")
    fields = [
        Field("next event", column(rows, "event", "text"), flexible=True),
        Field(_label(table, "entities"), column(rows, "entities", "count"), right=True),
        Field("", []),
        Field("share", rates(rows, share), right=True),
    ]
    return with_bars(fields, 2, width, lambda size: scaled(rows, "share", size))


def _label(table: Table, name: str) -> str:
    return next(each.label or each.name for each in table.columns if each.name == name)


def varied(table: Table) -> Grid:
    """One line a rule: what conversion would be, and how many it changes."""
    rows = records(table)
    fields = [
        Field("rule", column(rows, "rule", "text")),
        Field("variant", column(rows, "variant", "text"), flexible=True),
        Field("entered", column(rows, "entered", "count"), right=True, drop=3),
    ]
    if has(table, "matured"):
        fields.append(Field("mature", column(rows, "matured", "count"), right=True, drop=2))
    fields += [
        Field("converted", column(rows, "conversion", "share"), right=True),
        Field("95 %", interval(rows), right=True, drop=1),
        Field("change", column(rows, "difference", "points"), right=True),
        Field("changed", column(rows, "changed", "count"), right=True),
        Field("gained", column(rows, "gained", "count"), right=True, drop=5),
        Field("lost", column(rows, "lost", "count"), right=True, drop=4),
    ]
    return Grid(tuple(fields))


def explained(table: Table) -> Grid:
    """One line an event, in order; those that fill a step stand out."""
    rows = records(table)
    steps = [f"{row['step']} {row['step_name']}" if row["step"] else "" for row in rows]
    fields = [
        Field("at", [_loud(str(row["at"]), row) for row in rows]),
        Field("event", [_loud(str(row["event"]), row) for row in rows], flexible=True),
        Field("step", [text(step, "bar") for step in steps], flexible=True),
        Field("from entry", column(rows, "from_entry_seconds", "seconds"), right=True, drop=2),
        Field("from before", column(rows, "from_previous_seconds", "seconds"), right=True, drop=3),
    ]
    if any(row["note"] for row in rows):
        fields.append(
            Field("", [text(str(row["note"] or ""), "dim") for row in rows], flexible=True)
        )
    if has(table, "event_id"):
        fields.append(Field("event id", column(rows, "event_id", "text"), flexible=True, drop=4))
    return Grid(tuple(fields))


def _loud(value: str, row: Row) -> Cell:
    return text(value, "" if row["step"] else "dim")
