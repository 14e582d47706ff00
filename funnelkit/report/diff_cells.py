"""Cells of two versions of a report's files, as its tables show them."""

from funnelkit.report import findings_scorecard
from funnelkit.report.columns_scorecard import SIDES
from funnelkit.report.csvs import data_tables
from funnelkit.report.diff_tables import Cell, RowChange
from funnelkit.report.model import ReportData
from funnelkit.table import MINUS, NOTHING, Column, amount, shown

_CENTS, _SECONDS = "_cents", "_seconds"


class Cells:
    """What the columns of a report's files mean; without a report that can be read, nothing."""

    def __init__(self, data: ReportData | None) -> None:
        tables = data_tables(data) if data else {}
        self._columns = {
            (name, column.name): column
            for name, table in tables.items()
            for column in table.columns
        }
        card = data.scorecard if data else None
        rows = [row for side in SIDES if card for row in card.table(side).records()]
        self._units = {str(row["metric"]): str(row["unit"]) for row in rows}

    def told(self, table: str, row: RowChange, cell: Cell) -> str:
        """`conversion 68.8 % → 68.4 %`; as the files hold it where both would read the same."""
        column = self._columns.get((table, cell.column))
        base, head = (self._shown(column, row, text) for text in (cell.base, cell.head))
        if base == head:
            return f"{_words(cell.column)} {_plain(cell.base)} → {_plain(cell.head)}"
        is_told = column is not None and column.is_numeric
        name = cell.column.removesuffix(_CENTS).removesuffix(_SECONDS) if is_told else cell.column
        return f"{_words(name)} {base} → {head}"

    def _shown(self, column: Column | None, row: RowChange, text: str) -> str:
        value = _number(text)
        if column is None or value is None or not column.is_numeric:
            return _plain(text)
        unit = self._units.get(row.metric)
        if column.kind == "number" and unit:
            # In the unit of its metric, see columns_scorecard.
            told = (
                findings_scorecard.moved if "change" in column.name else findings_scorecard.number
            )
            return told(value, unit)
        if column.name.endswith(_CENTS):
            return amount(value)
        return shown(int(value) if column.kind == "count" else value, column.kind)


def _words(column: str) -> str:
    return column.replace("_", " ")


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _plain(text: str) -> str:
    if not text:
        return NOTHING
    number = text.replace(".", "", 1).lstrip("-").isdigit()
    return text.removesuffix(".0").replace("-", MINUS) if number else text
