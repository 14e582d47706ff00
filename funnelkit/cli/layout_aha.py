"""How tables of aha moments, of a search and of retention look."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from funnelkit.cli.grid import Cell, Field, Grid, fitted, wrap
from funnelkit.cli.layout import Row, Share, column, has, rates, records, scaled, text, with_bars
from funnelkit.table import Table, Value, shown

REACH = Share("reach", "reach_lo", "reach_hi")
RETENTION = Share("retention", "retention_lo", "retention_hi")
_MOST_ROWS = 20  # of those that did not reach it: the rest is in the other formats


def lay_out_aha(table: Table, width: int | None) -> Grid:
    """The Grid for one of these tables."""
    names = set(table.names)
    if "km_reach" in names:
        return _reach(table, width)
    if "next_event" in names:
        return _stuck(table, width)
    if "verdict" in names:
        return _findings(table)
    if "chosen" in names:
        return _cells(table)
    return _retention(table, width)


_HUMAN = {
    "km_reach": (
        *("aha", "cohort", "breakdown", "value", "entrants", "matured", "reached", "reach"),
        *("reach_lo", "reach_hi", "state", "open", "km_reach", "km_lo", "km_hi"),
        *("bound_lo", "bound_hi", "median_days", "median_lo", "median_hi"),
    ),
    "verdict": (
        *("event", "at_least", "within_days", "n", "reach", "base_rate", "ppv", "rate_without"),
        *("rd_discovery", "rd", "rd_lo", "rd_hi", "p_holm", "rd_adjusted", "verdict", "why"),
    ),
    "retention": (
        *("outcome", "cohort", "breakdown", "value", "week", "matured", "retained"),
        *("retention", "retention_lo", "retention_hi"),
    ),
}


def human_aha(table: Table) -> Table:
    """The columns that people read, for Markdown: empty ones are left out."""
    wanted = next(names for column, names in _HUMAN.items() if column in table.names)
    return table.select([name for name in wanted if has(table, name)])


def _reach(table: Table, width: int | None) -> Grid:
    """One line for everybody, and each entry week or value: matured reach, and what is open."""
    rows = records(table)
    key = "value" if has(table, "breakdown") else "cohort"
    named = next((str(row["breakdown"]) for row in rows if row["breakdown"]), "entry week")
    fields = [
        Field(named, [_key(row, key) for row in rows], flexible=True),
        Field("entrants", column(rows, "entrants", "count"), right=True, drop=3),
        Field("mature", column(rows, "matured", "count"), right=True, drop=1),
        Field("reached", column(rows, "reached", "count"), right=True),
        Field("", []),
        Field("reach", rates(rows, REACH), right=True),
        Field("open", column(rows, "open", "count"), right=True, drop=2),
        Field("", [_state(row) for row in rows]),
    ]
    return with_bars(fields, 4, width, lambda size: scaled(rows, "reach", size))


def _key(row: Row, key: str) -> Cell:
    return text("all" if row[key] is None else str(row[key]))


def _state(row: Row) -> Cell:
    """Final goes without saying."""
    state = str(row["state"] or "")
    return text("" if state == "final" else state, "open")


def _stuck(table: Table, width: int | None) -> Grid:
    """One line a step and the event that came next, the most frequent first."""
    rows = records(table)
    if width is not None:
        rows = rows[:_MOST_ROWS]
    fields = [
        Field("next event", column(rows, "next_event", "text"), flexible=True),
        Field("how many", column(rows, "entities", "count"), right=True),
        Field("", []),
        Field("share", rates(rows, Share("share", "share_lo", "share_hi")), right=True),
    ]
    if has(table, "step"):
        steps = [text(f"{row['step']} {row['step_name']}") for row in rows]
        fields.insert(0, Field("got as far as", steps, flexible=True))
    return with_bars(fields, len(fields) - 2, width, lambda size: scaled(rows, "share", size))


@dataclass(frozen=True)
class WithReasons(Grid):
    """Fields side by side, and under each row a sentence in a quieter colour."""

    reasons: tuple[str, ...] = ()

    def lines(self, width: int | None) -> list[Cell]:
        """Header and rows, each followed by its sentence, broken to the width."""
        header, *rows = super().lines(width)
        lines = [header]
        for row, reason in zip(rows, self.reasons, strict=True):
            told = wrap(reason, (width or 10**9) - 5) if reason else []
            lines += [row, *([("    ", ""), (line, "dim")] for line in told)]
        return lines


_VERDICTS = {"accepted": "good", "goes with activity": "warn", "not confirmed": "warn"}


def _findings(table: Table) -> Grid:
    """One line an event: its best rule, who follows it, the difference, the verdict; then why."""
    rows = records(table)
    fields = [
        Field("event", column(rows, "event", "text"), flexible=True),
        Field("at least", [_rule(row) for row in rows]),
        Field("n", column(rows, "n", "count"), right=True, drop=3),
        Field("reach", column(rows, "reach", "share"), right=True, drop=1),
        Field("with", column(rows, "ppv", "share"), right=True, drop=4),
        Field("without", column(rows, "rate_without", "share"), right=True, drop=4),
        Field("difference, pp", [_difference(row) for row in rows], right=True),
        Field("p search", column(rows, "p_search", "p"), right=True, drop=2),
        Field(
            "verdict",
            [text(str(row["verdict"]), _VERDICTS.get(str(row["verdict"]), "dim")) for row in rows],
        ),
    ]
    # Of what was not proposed the reason is always the same: the notes tell it once.
    reasons = ["" if row["verdict"] == "not proposed" else str(row["why"] or "") for row in rows]
    return WithReasons(tuple(fields), tuple(reasons))


def _rule(row: Row) -> Cell:
    """`3 in 7 d`: how often, in how many days."""
    if row["at_least"] is None:
        return text("")
    return text(f"{row['at_least']} in {row['within_days']} d")


def _difference(row: Row) -> Cell:
    """`+32.8  +23.8 to +41.7`: a difference with its interval, in percentage points."""
    if row["rd"] is None:
        return text("")
    return [
        *text(_points(row["rd"])),
        *text(f"  {_points(row['rd_lo'])} to {_points(row['rd_hi'])}", "dim"),
    ]


def _points(value: Value) -> str:
    return shown(value, "points").removesuffix(" pp")


def _cells(table: Table) -> Grid:
    """One line a cell of the grid; the chosen ones stand out."""
    rows = records(table)
    fields = [
        Field("event", column(rows, "event", "text"), flexible=True),
        Field("at least", [_rule(row) for row in rows]),
        Field("n", column(rows, "n", "count"), right=True, drop=4),
        Field("reach", column(rows, "reach", "share"), right=True),
        Field("with", column(rows, "rate_with", "share"), right=True, drop=2),
        Field("without", column(rows, "rate_without", "share"), right=True, drop=3),
        Field("difference, pp", [_difference(row) for row in rows], right=True),
        Field("z", column(rows, "z", "number"), right=True, drop=1),
        Field("", [text("chosen" if row["chosen"] else "", "good") for row in rows]),
    ]
    return Grid(tuple(fields))


# --- retention ---------------------------------------------------------------------------------


def _retention(table: Table, width: int | None) -> Grid:
    rows = records(table)
    if any(row["cohort"] is not None for row in rows):
        return _triangle(rows)
    values = list(dict.fromkeys(row["value"] for row in rows))
    if values == [None]:
        return _weeks(rows, width)
    for shares in (rates, _shares):  # without the intervals, where these do not fit
        side_by_side = _pivot(rows, values, shares)
        if width is None or side_by_side.width <= width:
            return side_by_side
    return _weeks(rows, width, str(rows[0]["breakdown"]))


def _shares(rows: Sequence[Row], share: Share) -> list[Cell]:
    return column(rows, share.name, "share")


def _weeks(rows: Sequence[Row], width: int | None, by: str | None = None) -> Grid:
    """One line a week after the entry, with a bar."""
    fields = [
        Field("week", [text(str(row["week"])) for row in rows], right=True),
        Field("over for", column(rows, "matured", "count"), right=True),
        Field("came back", column(rows, "retained", "count"), right=True, drop=1),
        Field("", []),
        Field("share", rates(rows, RETENTION), right=True),
    ]
    if by is not None:
        fields.insert(0, Field(by.removeprefix("aha:"), column(rows, "value", "text")))
    at = len(fields) - 2
    return with_bars(fields, at, width, lambda size: scaled(rows, "retention", size))


def _pivot(
    rows: Sequence[Row],
    values: Sequence[Value],
    shares: Callable[[Sequence[Row], Share], list[Cell]],
) -> Grid:
    """One line a week, the values beside each other: share, and of how many."""
    weeks = list(dict.fromkeys(row["week"] for row in rows))
    found = {(row["value"], row["week"]): row for row in rows}
    fields = [Field("week", [text(str(week)) for week in weeks], right=True)]
    for value in values:
        mine = [found.get((value, week), {}) for week in weeks]
        fields += [
            Field(str(value), shares(mine, RETENTION), right=True),
            Field("of", column(mine, "matured", "count"), right=True),
        ]
    return Grid(tuple(fields))


_PARTLY = "*"


@dataclass(frozen=True)
class Triangle(Grid):
    """A cohort a line, weeks beside each other as far as the width goes."""

    def lines(self, width: int | None) -> list[Cell]:
        """Header and rows, then what a mark means and which weeks did not fit."""
        found = super().lines(width)
        kept = len(self.fields if width is None else fitted(self.fields, width))
        left, last = self.fields[kept:], self.fields[-1].header
        marked = any(
            cell[0][0].endswith(_PARTLY) for each in self.fields[2:] for cell in each.cells
        )
        notes = ["percent that came back, by entry week and week after the entry"]
        notes += [f"{_PARTLY} not yet over for the whole cohort: of those for whom it is"] * marked
        if left:
            notes.append(f"no room for weeks {left[0].header} to {last}: `--format csv` has them")
        return [*found, [("", "")], *([(note, "dim")] for note in notes)]


def _triangle(rows: Sequence[Row]) -> Grid:
    """Percent that came back, by cohort (of each value) and week; `*` where only part is over."""
    weeks = sorted({int(str(row["week"])) for row in rows})
    groups = list(dict.fromkeys((row["value"], row["cohort"]) for row in rows))
    found = {(row["value"], row["cohort"], row["week"]): row for row in rows}
    size = {(row["value"], row["cohort"]): int(str(row["entrants"])) for row in reversed(rows)}
    fields = [
        Field("entry week", [text(_group(*group)) for group in groups], flexible=False),
        Field("n", [text(f"{size[group]:,}") for group in groups], right=True),
    ]
    for week in weeks:
        cells = [_percent(found.get((*group, week))) for group in groups]
        fields.append(Field(str(week), cells, right=True, drop=week + 1))
    return Triangle(tuple(fields))


def _group(value: Value, cohort: Value) -> str:
    name = "all" if cohort is None else str(cohort)
    return name if value is None else f"{name} {value}"


def _percent(row: Row | None) -> Cell:
    if row is None or row["retention"] is None:
        return text("")
    partly = row["cohort"] is not None and row["matured"] != row["entrants"]
    return text(f"{100 * float(row['retention']):.0f}{_PARTLY * partly}", "open" * partly)
