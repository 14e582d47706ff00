"""What the lost did next, and the differences between groups."""

from collections.abc import Mapping
from typing import Any

from funnelkit.report.charts_points import Difference, draw_differences
from funnelkit.report.drawing import Canvas, share_grid_x, share_labels_x
from funnelkit.report.findings import Record, count, records
from funnelkit.report.findings_next import (
    DIFFER,
    OTHER,
    compare_subtitle,
    compare_title,
    drawn_pairs,
    gap,
    next_subtitle,
    next_title,
    pair,
)
from funnelkit.report.model import FunnelSection
from funnelkit.report.theme import DO, INK, MUTED, fit, text_width
from funnelkit.stats.stops import NOTHING_MORE

_ROW = 48


def draw_next(section: FunnelSection, width: int) -> Mapping[str, Any]:
    """A bar per event, of all that were lost; grey for those that did nothing, and for the rest."""
    canvas = Canvas(width)
    canvas.heading(next_title(section), next_subtitle(section))
    y = canvas.y + 6
    for row in records(section.next_events):
        _bar(canvas, row, y)
        y += _ROW
    share_labels_x(canvas, canvas.left, canvas.right, y + 8)
    return canvas.spec(y + 24)


def _bar(canvas: Canvas, row: Record, y: float) -> None:
    # Whole percents and pixels: one more that was lost is one more of all, and moves few of them.
    told, span = (
        f"{count(row['entities'])} · {100 * row['share']:.0f} %",
        canvas.right - canvas.left,
    )
    room = span - text_width(told, 13, bold=True) - 12
    canvas.text(canvas.left, y + 14, fit(str(row["event"]), room, 13), INK, size=13)
    canvas.text(canvas.right, y + 14, told, INK, size=13, bold=True, align="right")
    share_grid_x(canvas, canvas.left, canvas.right, y + 20, y + 40)
    fill = MUTED if row["event"] in (NOTHING_MORE, OTHER) else DO
    end = canvas.left + max(round(row["share"] * span), 1)
    canvas.rect(canvas.left, end, y + 22, y + 38, fill, f"{row['event']}: {told}")


def draw_comparison(section: FunnelSection, width: int) -> Mapping[str, Any]:
    """A point per pair, filled where it differs; a word says the same."""
    canvas = Canvas(width)
    canvas.heading(compare_title(section), compare_subtitle(section))
    rows = drawn_pairs(section)
    legend = {row["verdict"]: "point" if row["verdict"] == DIFFER else "hollow" for row in rows}
    canvas.legend([(legend[verdict], str(verdict)) for verdict in sorted(legend)])
    found = [
        Difference(
            pair(row), gap(row), row["difference"], row["lo"], row["hi"], row["verdict"] != DIFFER
        )
        for row in rows
    ]
    return draw_differences(canvas, found)
