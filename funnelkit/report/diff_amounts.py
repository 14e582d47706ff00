"""Revenue of two versions between which fewer than five customers came or went.

Each version tells a sum over enough customers. Their difference may be what a single one pays: it
is not told, and neither sum with more than two digits.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from funnelkit.report.columns_scorecard import SIDES
from funnelkit.report.diff_tables import Cell, RowChange, TableChange
from funnelkit.report.headlines import Headline
from funnelkit.report.model import ReportData
from funnelkit.stats.evidence import FEWEST
from funnelkit.table import amount

if TYPE_CHECKING:
    from funnelkit.report.diff import FigureChange, ReportChange

TOO_FEW = f"not told: fewer than {FEWEST} customers came or went"
_CENTS = "_cents"
_PEOPLE = ("customers", "n")
_VALUES = ("value", "lo", "hi", "change")


def withheld(report: "ReportChange") -> "ReportChange":
    """The report without amounts of which the difference is that of a few customers."""
    amounts = _amounts(report.base) | _amounts(report.head)
    few = [each for each in report.figures if _of_few(each)]
    tables = [_table(table, amounts) for table in report.tables]
    return report._replace(
        figures=tuple(_figure(each) if each in few else each for each in report.figures),
        tables=tuple(table for table in tables if table.rows or table.what != "changed"),
        gone=tuple(_sentence(text, few) for text in report.gone),
        new=tuple(_sentence(text, few) for text in report.new),
    )


def _amounts(data: ReportData | None) -> set[str]:
    """The metrics of a scorecard that are sums of revenue."""
    if data is None or data.scorecard is None:
        return set()
    rows = [row for side in SIDES for row in data.scorecard.table(side).records()]
    return {str(row["metric"]) for row in rows if row["unit"] == "amount"}


def _of_few(figure: "FigureChange") -> bool:
    base, head = figure.base, figure.head
    if base is None or head is None or base.kind != "amount" or base.value == head.value:
        return False
    return abs((head.n or 0) - (base.n or 0)) < FEWEST


def _figure(figure: "FigureChange") -> "FigureChange":
    base, head = (_rounded(each) for each in (figure.base, figure.head))
    return figure._replace(base=base, head=head, parts=(), is_withheld=True)


def _rounded(figure: Headline | None) -> Headline | None:
    if figure is None or figure.value is None:
        return figure
    value, hi = (None if each is None else _two_digits(each) for each in (figure.value, figure.hi))
    return figure._replace(value=value, lo=None, hi=hi)


def _two_digits(number: float) -> float:
    return float(f"{number:.1e}")


def _sentence(text: str, few: "list[FigureChange]") -> str:
    for each in few:
        for side in (each.base, each.head):
            if side is not None and side.value is not None:
                text = text.replace(amount(side.value), f"≈ {amount(_two_digits(side.value))}")
    return text


def _table(table: TableChange, amounts: set[str]) -> TableChange:
    rows = [_row(row, amounts) for row in table.rows]
    return table._replace(rows=tuple(row for row in rows if row.cells or row.what != "changed"))


def _row(row: RowChange, amounts: set[str]) -> RowChange:
    """The row with two digits of its sums, without those that read the same then."""
    people = [each for each in row.cells if each.column in _PEOPLE]
    if any(_moved(each) >= FEWEST for each in people):
        return row
    return row._replace(cells=tuple(_told(row, amounts)))


def _moved(cell: Cell) -> float:
    """By how many people; of one that a version does not tell nobody knows."""
    try:
        return abs(float(cell.head) - float(cell.base))
    except ValueError:
        return 0


def _told(row: RowChange, amounts: set[str]) -> Iterator[Cell]:
    for cell in row.cells:
        is_metric = row.metric in amounts and cell.column in _VALUES
        if not (is_metric or cell.column.endswith(_CENTS)):
            yield cell
            continue
        base, head = _short(cell.base), _short(cell.head)
        if base != head:
            yield cell._replace(base=base, head=head)


def _short(text: str) -> str:
    return f"{_two_digits(float(text)):.0f}" if text else text
