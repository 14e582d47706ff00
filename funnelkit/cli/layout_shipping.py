"""How tables of shipped changes and of experiments look."""

from funnelkit.cli.grid import Cell, Field, Grid
from funnelkit.cli.layout import Row, column, has, records, text
from funnelkit.table import Table, shown

_HUMAN = {
    "srm_p": (
        *("experiment", "variant", "exposed", "share_expected", "matured", "converted", "rate"),
        *("lo", "hi", "difference", "d_lo", "d_hi", "p_value", "srm_p", "verdict"),
    ),
    "rate_before": (
        *("change", "metric", "n_before", "k_before", "rate_before", "rate_before_lo"),
        *("rate_before_hi", "n_after", "k_after", "rate_after", "rate_after_lo", "rate_after_hi"),
        *("difference", "lo", "hi", "state", "evaluate_on"),
    ),
}
_VERDICTS = {"higher": "good", "lower": "bad", "control": "dim", "no difference shown": "dim"}
_STATES = {"final": "good", "interim": "open"}


def human_shipping(table: Table) -> Table:
    """The columns that people read, for Markdown: empty ones are left out."""
    wanted = next(names for column, names in _HUMAN.items() if column in table.names)
    return table.select([name for name in wanted if has(table, name)])


def lay_out_shipping(table: Table) -> Grid:
    """The Grid for one of these tables."""
    return _experiments(table) if "srm_p" in table.names else _changes(table)


def _experiments(table: Table) -> Grid:
    """One line a variant: how many, the rate of the mature, the difference, the verdict."""
    rows = records(table)
    fields = [
        Field("variant", column(rows, "variant", "text"), flexible=True),
        Field("exposed", column(rows, "exposed", "count"), right=True, drop=2),
        Field("converted", [_of(row, "rate", "matured") for row in rows], right=True),
        Field("difference, pp", [_points(row, "d_lo", "d_hi") for row in rows], right=True),
        Field("p", column(rows, "p_value", "p"), right=True, drop=1),
        Field("", [_verdict(row) for row in rows]),
    ]
    if len({row["experiment"] for row in rows}) > 1:
        names = [_once(rows, number) for number in range(len(rows))]
        fields.insert(0, Field("experiment", names, flexible=True))
    return Grid(tuple(fields))


def _once(rows: list[Row], number: int) -> Cell:
    """The experiment's name, on the first of its lines."""
    name = rows[number]["experiment"]
    return text("" if number and rows[number - 1]["experiment"] == name else str(name))


def _verdict(row: Row) -> Cell:
    """The verdict without its reason, which the sentence has."""
    verdict = str(row["verdict"])
    return text(verdict.rpartition(": ")[2], _VERDICTS.get(verdict, "warn"))


def _changes(table: Table) -> Grid:
    """One line a change: both rates with their numbers, the difference, and whether it is final."""
    rows = records(table)
    fields = [Field("change", column(rows, "change", "text"), flexible=True)]
    for side in ("before", "after"):
        cells = [_of(row, f"rate_{side}", f"n_{side}") for row in rows]
        fields.append(Field(side, cells, right=True))
    fields += [
        Field("difference, pp", [_points(row, "lo", "hi") for row in rows], right=True),
        Field(
            "", [text(str(row["state"]), _STATES.get(str(row["state"]), "warn")) for row in rows]
        ),
        Field("judged on", column(rows, "evaluate_on", "text"), drop=1),
    ]
    return Grid(tuple(fields))


def _of(row: Row, rate: str, size: str) -> Cell:
    """`16.7 % of 472`; nothing where nothing is told, or of nobody."""
    if row[rate] is None:
        return text("")
    return [*column([row], rate, "share")[0], (f" of {row[size]:,}", "dim")]


def _points(row: Row, lo: str, hi: str) -> Cell:
    """`+12.1  +8.0 to +16.2`: a difference with its interval, in percentage points."""
    if row["difference"] is None:
        return text("")
    estimate, low, high = (
        shown(row[name], "points").removesuffix(" pp") for name in ("difference", lo, hi)
    )
    return [*text(estimate), *text(f"  {low} to {high}", "dim")]
