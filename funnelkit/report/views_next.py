"""The tables below the charts of what the lost did next, and of groups that are compared."""

from funnelkit.report.columns_funnel import COMPARE_COLUMNS, NEXT_COLUMNS
from funnelkit.report.findings import Record, count, records, with_interval
from funnelkit.report.findings_next import converts, gap
from funnelkit.report.model import FunnelSection
from funnelkit.report.views import LEVEL, Cell, view
from funnelkit.table import Column, Table


def next_view(section: FunnelSection) -> Table:
    """A row per event that came next."""
    rows = records(section.next_events)
    lost = count(rows[0]["stopped"])

    def share(row: Record) -> str:
        return with_interval(row["share"], row["share_lo"], row["share_hi"])

    cells: list[Cell] = [
        (NEXT_COLUMNS["event"], lambda row: row["event"]),
        (NEXT_COLUMNS["entities"], lambda row: row["entities"]),
        (Column("share_interval", "text", f"Of the {lost} lost ({LEVEL})"), share),
    ]
    return view(rows, cells)


def compare_view(section: FunnelSection) -> Table:
    """A row per pair of groups."""
    cells: list[Cell] = [
        (Column("a"), lambda row: row["a"]),
        (
            Column("conversion_a_interval", "text", "converts (95 %)"),
            lambda row: converts(row, "a"),
        ),
        (Column("b"), lambda row: row["b"]),
        (
            Column("conversion_b_interval", "text", "converts (95 %)"),
            lambda row: converts(row, "b"),
        ),
        (Column("difference_interval", "text", f"a − b ({LEVEL})"), gap),
        (COMPARE_COLUMNS["q_value"], lambda row: row["q_value"]),
        (COMPARE_COLUMNS["verdict"], lambda row: row["verdict"]),
    ]
    return view(records(section.comparison), cells)
