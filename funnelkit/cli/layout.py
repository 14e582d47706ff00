"""How a table looks to people: which columns, the drop-off bars, and what gives way to the width.

Everything here is text and cells; colours are names that output.py turns into codes.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from funnelkit.cli.grid import GAP, Cell, Field, Grid, aligned, cell_width, fitted, total_width
from funnelkit.table import Column, Table, Value, percent, shown

_SHORTEST_BAR, _LONGEST_BAR = 8, 30
_FULL, _OPEN, _GHOST = "█", "▒", "░"
_EIGHTHS = " ▏▎▍▌▋▊▉█"


def human(table: Table) -> Table:
    """The columns that people read, for Markdown: constant and empty ones are left out."""
    names = set(table.names)
    if names & {"srm_p", "rate_before"}:
        from funnelkit.cli.layout_shipping import human_shipping

        return human_shipping(table)
    if names & {"detractors", "impact", "tier"}:
        from funnelkit.cli.layout_voice import human_voice

        return human_voice(table)
    if "writers" in names:
        from funnelkit.cli.layout_themes import human_themes

        return human_themes(table)
    if "best_product" in names:
        from funnelkit.cli.layout_market import human_market

        return human_market(table)
    if names & {"lip_service", "use_weighted", "median_said", "from_average"}:
        from funnelkit.cli.layout_say import human_say

        return human_say(table)
    if names & {"km_reach", "verdict", "retention"}:
        from funnelkit.cli.layout_aha import human_aha

        return human_aha(table)
    if not {"step", "matured_reached"} <= names:
        return table
    wanted = [
        *(("period", "period_state") if "period" in names else ()),
        *(("breakdown", "value") if has(table, "breakdown") else ()),
        *("step", "step_name", "entered", "reached", "lost", "open"),
        *("matured", "matured_reached", "conversion", "conversion_lo", "conversion_hi"),
        *("step_conversion", "median_seconds"),
    ]
    return table.select([name for name in wanted if name in names and has(table, name)])


def has(table: Table, name: str) -> bool:
    """Whether any row has a value in this column."""
    return any(value is not None for value in table.column(name))


def lay_out(table: Table, width: int | None) -> Grid:
    """The Grid for a table: steps of a funnel, groups, periods, times, or plain columns."""
    names = set(table.names)
    if not table.rows:
        return Grid(())
    if names & {"srm_p", "rate_before"}:
        from funnelkit.cli.layout_shipping import lay_out_shipping

        return lay_out_shipping(table)
    if names & {"detractors", "impact", "tier"}:
        from funnelkit.cli.layout_voice import lay_out_voice

        return lay_out_voice(table)
    if "writers" in names:
        from funnelkit.cli.layout_themes import lay_out_themes

        return lay_out_themes(table, width)
    if "best_product" in names:
        from funnelkit.cli.layout_market import lay_out_market

        return lay_out_market(table)
    if names & {"lip_service", "use_weighted", "median_said", "from_average"}:
        from funnelkit.cli.layout_say import lay_out_say

        return lay_out_say(table)
    if names & {"km_reach", "next_event", "verdict", "chosen", "retention"}:
        from funnelkit.cli.layout_aha import lay_out_aha

        return lay_out_aha(table, width)
    if names & {"q_value", "share_lo", "variant", "from_entry_seconds"}:
        return _answer(table, width)
    for share in ("converted_share", "reached_share"):
        if share in names:
            return _times(table, width, share)
    if "period" in names:
        return _groups(table, width, ("period", "period_state"))
    if "matured_reached" in names and has(table, "breakdown"):
        return _groups(table, width, ("value",))
    if "matured_reached" in names:
        return _steps(table, width)
    return plain(table)


def _answer(table: Table, width: int | None) -> Grid:
    from funnelkit.cli import layout_answers as answers

    names = set(table.names)
    if "q_value" in names:
        return answers.compared(table)
    if "share_lo" in names:
        return answers.followed(table, width)
    return answers.varied(table) if "variant" in names else answers.explained(table)


def plain(table: Table) -> Grid:
    """Every column that has a value, as people read it."""
    fields = []
    for index, column in enumerate(table.columns):
        cells = [text(shown(row[index], column.kind)) for row in table.rows]
        if any(row[index] is not None for row in table.rows):
            fields.append(_field(column, cells))
    return Grid(tuple(fields))


def _field(column: Column, cells: list[Cell], drop: int = 0) -> Field:
    header = column.label or column.name.replace("_", " ")
    return Field(header, cells, column.is_numeric, drop, flexible=not column.is_numeric)


def text(value: str, style: str = "") -> Cell:
    """A cell of one piece, data made harmless."""
    from funnelkit.cli.output import printable

    return [(printable(value), style)]


Row = dict[str, Value]


def records(table: Table) -> list[Row]:
    """The rows by the names of their columns, numbers as they are."""
    return [dict(zip(table.names, row, strict=True)) for row in table.rows]


def _number(row: Row, name: str) -> float:
    value = row.get(name)
    return float(value) if isinstance(value, int | float) else 0.0


def column(rows: Sequence[Row], name: str, kind: Any) -> list[Cell]:
    """A column's values as people read them; nothing, and zero, in a quieter colour."""
    return [
        text(
            "" if row.get(name) is None else shown(row[name], kind), "" if row.get(name) else "dim"
        )
        for row in rows
    ]


class Share(NamedTuple):
    """The columns of a share and of the limits of its interval."""

    name: str
    lo: str
    hi: str


CONVERSION = Share("conversion", "conversion_lo", "conversion_hi")


def interval(rows: Sequence[Row], share: Share = CONVERSION) -> list[Cell]:
    """`30.0–34.3`: the limits of a share, in percent."""
    cells = []
    for row in rows:
        lo, hi = row.get(share.lo), row.get(share.hi)
        known = isinstance(lo, float | int) and isinstance(hi, float | int)
        limits = f"{_limit(row, share.lo)}–{_limit(row, share.hi)}"
        cells.append(text(limits if known else "", "dim"))
    return cells


def _limit(row: Row, name: str) -> str:
    return percent(_number(row, name)).removesuffix(" %")


def _steps(table: Table, width: int | None) -> Grid:
    """One line a step: what is left of the entrants as a bar, with the open and the lost."""
    rows = records(table)
    windowed = has(table, "matured")
    later = [{}, *rows[1:]]  # on the entry itself, nothing is converted, lost or open
    fields = [
        Field("step", [text(f"{row['step']} {row['step_name']}") for row in rows], flexible=True),
        Field("reached", column(rows, "reached", "count"), right=True),
        Field("of entrants", []),  # the bars, once it is known what is left for them
        Field("share", [text(_share(row)) for row in rows], right=True, drop=6 * windowed),
        Field("converted", rates(later), right=True, drop=1)
        if windowed
        else Field("95 %", interval(later), right=True, drop=1),
    ]
    if windowed:
        fields.append(Field("lost", column(later, "lost", "count"), right=True, drop=3))
        fields.append(Field("open", column(later, "open", "count"), right=True, drop=2))
    if has(table, "median_seconds"):
        cells = column(rows, "median_seconds", "seconds")
        fields.append(Field("median", cells, right=True, drop=4))
    return with_bars(fields, 2, width, lambda size: _drop_offs(rows, size))


def _drop_offs(rows: Sequence[Row], size: int) -> list[Cell]:
    return [drop_off(rows, index, size) for index in range(len(rows))]


def rates(rows: Sequence[Row], share: Share = CONVERSION) -> list[Cell]:
    """`32.1 %  30.0–34.3`: a share, and its interval in a quieter colour."""
    shares = column(rows, share.name, "share")
    intervals = interval(rows, share)
    wide = max((cell_width(cell) for cell in intervals), default=0)
    padded = [aligned(cell, Field("", [], right=True), wide) for cell in intervals]
    return [[*rate, ("  ", ""), *rest] for rate, rest in zip(shares, padded, strict=True)]


def with_bars(
    fields: list[Field], at: int, width: int | None, draw: Callable[[int], list[Cell]]
) -> Grid:
    """The fields that fit, with bars of what the width leaves in place of field `at`."""
    if width is None:
        fields[at] = replace(fields[at], cells=draw(_LONGEST_BAR))
        return Grid(tuple(fields))
    bars = replace(fields[at], cells=[[(" " * _SHORTEST_BAR, "")]])
    kept = list(fitted((*fields[:at], bars, *fields[at + 1 :]), width))
    place = kept.index(bars)
    left = width - total_width([*kept[:place], *kept[place + 1 :]]) - GAP
    kept[place] = replace(bars, cells=draw(max(_SHORTEST_BAR, min(_LONGEST_BAR, left))))
    return Grid(tuple(kept))


def _share(row: Row) -> str:
    entered = _number(row, "entered")
    return percent(_number(row, "reached") / entered) if entered else "–"


def drop_off(rows: Sequence[Row], index: int, size: int) -> Cell:
    """The bar of a step: full for those who reached it, then the open, then the lost."""
    row = rows[index]
    entered = _number(row, "entered")
    if not entered:
        return [("", "")]
    reached = _number(row, "reached") / entered
    # Fewer may have done an optional step than the one behind it; nobody is lost at it.
    larger = [_number(each, "reached") / entered for each in rows[:index]]
    before = next((share for share in reversed(larger) if share >= reached), reached)
    if row.get("lost") is None and any(each.get("lost") is not None for each in rows):
        before = reached
    full = bar(reached, size)
    opened = round(size * (reached + _number(row, "open") / entered)) - len(full)
    lost = round(size * before) - len(full) - max(0, opened)
    return [(full, "bar"), (_OPEN * max(0, opened), "open"), (_GHOST * max(0, lost), "ghost")]


def bar(share: float, size: int) -> str:
    """A bar of `share` of `size` columns, to an eighth of a column; something, if not nothing."""
    eighths = round(8 * size * share)
    if share > 0:
        eighths = max(1, eighths)
    whole, rest = divmod(eighths, 8)
    return _FULL * whole + (_EIGHTHS[rest] if rest else "")


def _groups(table: Table, width: int | None, keys: tuple[str, ...]) -> Grid:
    """One line a group or period: how many entered, and the conversion to the last step."""
    rows = _last_steps(table, keys)
    fields = [_key_field(key, rows) for key in keys]
    fields.append(Field("entered", column(rows, "entered", "count"), right=True))
    if has(table, "matured"):
        fields.append(Field("mature", column(rows, "matured", "count"), right=True, drop=3))
    fields.append(Field("reached", column(rows, "reached", "count"), right=True, drop=2))
    fields.append(Field("", []))
    at = len(fields) - 1
    fields.append(Field("converted", rates(rows), right=True))
    if has(table, "median_seconds"):
        cells = column(rows, "median_seconds", "seconds")
        fields.append(Field("median", cells, right=True, drop=4))
    return with_bars(fields, at, width, lambda size: scaled(rows, "conversion", size))


def scaled(rows: Sequence[Row], name: str, size: int) -> list[Cell]:
    """Bars of a share, the largest as long as there is room."""
    # Small rates would all look like nothing beside 100 %: the longest bar is the largest rate.
    top = max((_number(row, name) for row in rows), default=0.0) or 1.0
    return [[(bar(_number(row, name) / top, size), "bar")] for row in rows]


def _key_field(key: str, rows: Sequence[Row]) -> Field:
    if key == "period_state":
        states = [str(row[key] or "") for row in rows]
        return Field("", [text(state, "dim" if state == "mature" else "open") for state in states])
    cells = [text("all" if row.get(key) is None else str(row[key])) for row in rows]
    named = next((str(row["breakdown"]) for row in rows if row.get("breakdown")), key)
    return Field(named if key == "value" else key, cells, flexible=key == "value")


def _last_steps(table: Table, keys: tuple[str, ...]) -> list[Row]:
    """The row of the deepest step of every group, in the table's order."""
    last: dict[tuple[Value, ...], Row] = {}
    for row in records(table):
        group = tuple(row.get(key) for key in ("breakdown", "value", *keys))
        if group not in last or _number(row, "step") >= _number(last[group], "step"):
            last[group] = row
    return list(last.values())


_MOST_TIMES = 20


def _times(table: Table, width: int | None, name: str) -> Grid:
    """The time-to-convert curve, on a terminal at no more than 20 of its points."""
    rows = records(table)
    if width is not None and len(rows) > _MOST_TIMES:
        last = len(rows) - 1
        rows = [rows[round(index * last / (_MOST_TIMES - 1))] for index in range(_MOST_TIMES)]
    fields = [
        Field("within", column(rows, "seconds", "seconds"), right=True),
        Field("", []),
        Field(name.removesuffix("_share"), rates(rows, Share(name, "lo", "hi")), right=True),
        Field("at risk", column(rows, "at_risk", "count"), right=True, drop=1),
    ]
    return with_bars(fields, 1, width, lambda size: scaled(rows, name, size))
