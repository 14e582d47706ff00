"""A page that would be too large shows a part of long tables, then fewer charts.

The CSVs have every row, the twin every chart.
"""

from dataclasses import replace
from typing import Final

from funnelkit.report.budget import MOST_CHARTS, within_budget
from funnelkit.report.model import Figure, Report, Section
from funnelkit.table import Table

MOST_BYTES: Final = 150_000
# Most rows of a table and charts of a page, tried in turn until the page fits.
FEWER: Final = ((24, MOST_CHARTS), (12, MOST_CHARTS), (5, MOST_CHARTS), (5, 5), (5, 3), (5, 0))
_TOLD: Final = "A table alone: with more charts the page would be larger than 150 KB."


def shorter(report: Report, most: int, charts: int) -> Report:
    """The report with tables of at most `most` rows, the latest of weeks, and so many charts."""
    sections, quality = within_budget(report.sections, report.quality, charts, _TOLD)
    inputs, caption = _cut(report.inputs, report.inputs_caption, most)
    return replace(
        report,
        sections=tuple(_section(each, most) for each in sections),
        quality=_figure(quality, most),
        inputs=inputs,
        inputs_caption=caption,
    )


def _section(section: Section, most: int) -> Section:
    return replace(section, figures=tuple(_figure(each, most) for each in section.figures))


def _figure(figure: Figure, most: int) -> Figure:
    table, caption = _cut(figure.table, figure.caption, most)
    return replace(figure, table=table, caption=caption)


def _cut(table: Table, caption: str, most: int) -> tuple[Table, str]:
    """The table and its caption, which says what is left out."""
    number = len(table.rows)
    if number <= most:
        return table, caption
    if table.columns[0].kind == "date":
        which, rows = "latest", table.rows[-most:]
    else:
        which, rows = "first", table.rows[:most]
    return Table(table.columns, rows), f"{caption}; here the {which} {most} of {number} rows"
