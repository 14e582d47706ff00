"""How tables of NPS, of what themes take from it, and of opportunities look."""

from collections.abc import Callable, Sequence

from funnelkit.cli.grid import Cell, Field, Grid
from funnelkit.cli.layout import Row, Share, column, has, rates, records, text
from funnelkit.table import Column, Table, Value, amount, score, shown, signed_score

AFFECTED = Share("affected_share", "lo", "hi")
_PROBLEMS = {"captive": "disliked, used", "lip service": "liked, not used"}


def lay_out_voice(table: Table) -> Grid:
    """The Grid for one of these tables."""
    if "impact" in table.names:
        return _impacts(table)
    if "detractors" in table.names:
        return _scores(table)
    return _opportunities(table)


def _scores(table: Table) -> Grid:
    """One line a wave, or everybody and each value: the counts, the score, its change."""
    rows = records(table)
    by = next((str(row["breakdown"]) for row in rows if row["breakdown"]), None)
    before = next((str(row["before"]) for row in rows if row["before"]), "the wave before")
    since = f"since {before}" if by is not None or len(rows) == 1 else "since the one before"
    fields = [
        Field(by or "wave", [_group(row, by) for row in rows], flexible=True),
        Field("n", column(rows, "n", "count"), right=True),
        Field("customers", column(rows, "customers", "count"), right=True, drop=4),
        Field("promoters", column(rows, "promoters", "count"), right=True, drop=1),
        Field("passives", column(rows, "passives", "count"), right=True, drop=3),
        Field("detractors", column(rows, "detractors", "count"), right=True, drop=1),
        Field("NPS", _limits(rows, ("nps", "lo", "hi"), _score), right=True),
    ]
    if has(table, "difference"):
        change = _limits(rows, ("difference", "d_lo", "d_hi"), _signed)
        fields.append(Field(since, change, right=True, drop=2))
    fields.append(Field("", _labels(rows), drop=5))
    return Grid(tuple(fields))


def _group(row: Row, by: str | None) -> Cell:
    return text(str(row["wave"])) if by is None else text(str(row["value"] or "all"))


def _impacts(table: Table) -> Grid:
    """One line a theme: who names it, and what that adds to NPS."""
    rows = records(table)
    fields = [
        Field("theme", column(rows, "theme", "text"), flexible=True),
        Field("named by", column(rows, "mentions", "count"), right=True),
        Field("of", column(rows, "n", "count"), right=True, drop=1),
        Field("NPS of the others", [text(_score(row["nps_without"])) for row in rows], right=True),
        Field("impact", _limits(rows, ("impact", "lo", "hi"), _signed), right=True),
        Field("", _labels(rows)),
    ]
    return Grid(tuple(fields))


def _opportunities(table: Table) -> Grid:
    """One line a problem: tier, who has it, what is at stake at least, the ranks it may have."""
    rows = records(table)
    segments = _segments(rows)
    funnels = {row["name"] for row in rows if row["kind"] == "step"}
    # Beside a segment there is no room for the name of the only funnel.
    short = bool(segments) and len(funnels) == 1
    fields = [
        Field("tier", column(rows, "tier", "count"), right=True),
        Field("problem", [text(_problem(row, short)) for row in rows], flexible=not segments),
        *segments,
        Field("of", column(rows, "n", "count"), right=True),
        Field("affected", _shares(rows), right=True),
    ]
    if has(table, "value_cents"):
        stake = [text(_amount(row["value_cents"])) for row in rows]
        fields.append(Field("at stake", stake, right=True))
    fields.append(Field("ranks", [text(_ranks(row)) for row in rows], right=True, drop=2))
    if any(row["label"] != "estimate" for row in rows):
        fields.append(Field("", _labels(rows), drop=3))
    return Grid(tuple(fields))


def _shares(rows: Sequence[Row]) -> list[Cell]:
    """A share with its interval, or where it may not be told, how many."""
    shares = rates(rows, AFFECTED)
    return [
        share if row["affected_share"] is not None or row["n"] is None else text(_counted(row))
        for row, share in zip(rows, shares, strict=True)
    ]


def _counted(row: Row) -> str:
    return f"{shown(row['affected'], 'count')} of {shown(row['n'], 'count')}"


def _problem(row: Row, short: bool) -> str:
    what = _PROBLEMS.get(str(row["problem"]), str(row["problem"]))
    return what if short and row["kind"] == "step" else f"{row['name']}: {what}"


def _segments(rows: Sequence[Row]) -> list[Field]:
    """Values of one property under its name, or the one segment that all rows are of."""
    names = {str(row["segment"]) for row in rows if row["segment"]}
    if not names:
        return []
    by = {name.partition(" = ")[0] for name in names}
    header = by.pop() if len(by) == 1 and all(" = " in name for name in names) else "segment"
    told = [str(row["segment"] or "all").removeprefix(f"{header} = ") for row in rows]
    return [Field(header, [text(each) for each in told], flexible=True)]


def _ranks(row: Row) -> str:
    lo, hi = row["rank_lo"], row["rank_hi"]
    if lo is None:
        return ""
    return f"{lo}" if lo == hi else f"{lo}–{hi}"


def _labels(rows: Sequence[Row]) -> list[Cell]:
    """How much evidence it is; an estimate goes without saying."""
    labels = [str(row["label"]) for row in rows]
    return [text("" if label == "estimate" else label, "warn") for label in labels]


def _limits(
    rows: Sequence[Row], names: tuple[str, str, str], say: Callable[[Value], str]
) -> list[Cell]:
    """`−16  −24 to −8`: a score and its interval in a quieter colour."""
    found = []
    for row in rows:
        middle, lo, hi = (row[name] for name in names)
        limits = f"  {say(lo)} to {say(hi)}" if lo is not None and hi is not None else ""
        found.append([*text(say(middle)), *text(limits, "dim")])
    width = max((len(cell[1][0]) for cell in found), default=0)
    return [[number, (limits.rjust(width), style)] for number, (limits, style) in found]


def _score(value: Value) -> str:
    return "" if value is None else score(float(value))


def _signed(value: Value) -> str:
    return "" if value is None else signed_score(float(value))


def _amount(value: Value) -> str:
    return "" if value is None else amount(float(value))


# --- Markdown ------------------------------------------------------------------------------------

_AS: dict[str, Callable[[Value], str]] = {
    **dict.fromkeys(("nps", "lo", "hi", "nps_all", "nps_without"), _score),
    **dict.fromkeys(("difference", "d_lo", "d_hi", "impact"), _signed),
}
_AMOUNTS = {"eligible_revenue_cents": "eligible revenue", "value_cents": "value"}
_SCORES = (
    *("wave", "breakdown", "value", "n", "customers", "promoters", "passives", "detractors"),
    *("nps", "lo", "hi", "difference", "d_lo", "d_hi", "q_value", "label"),
)
_IMPACTS = ("theme", "n", "mentions", "nps_without", "impact", "lo", "hi", "label")
_RANKED = (
    *("tier", "kind", "name", "problem", "segment", "n", "affected", "affected_share", "lo", "hi"),
    *("eligible_revenue_cents", "severity", "value_cents", "rank_lo", "rank_hi"),
    *("customer_value", "label"),
)


def human_voice(table: Table) -> Table:
    """The columns that people read, for Markdown: scores of -100 to 100, amounts in whole units."""
    if "tier" in table.names:
        told = table.select([name for name in _RANKED if has(table, name)])
        return _said(told, dict.fromkeys(_AMOUNTS, _amount), _AMOUNTS)
    names = _IMPACTS if "impact" in table.names else _SCORES
    return _said(table.select([name for name in names if has(table, name)]), _AS, {})


def _said(table: Table, says: dict[str, Callable[[Value], str]], labels: dict[str, str]) -> Table:
    """The table with some columns as text already."""
    columns = tuple(
        Column(column.name, "text", labels.get(column.name, "")) if column.name in says else column
        for column in table.columns
    )
    rows = tuple(
        tuple(
            says[name](value) if name in says else value
            for name, value in zip(table.names, row, strict=True)
        )
        for row in table.rows
    )
    return Table(columns, rows, table.meta, table.headline, table.notes)
