"""Who comes back: those who reached the aha moment beside the others, and by entry week."""

from collections.abc import Mapping, Sequence
from typing import Any

from funnelkit.report.annotations import Release, release_numbers
from funnelkit.report.drawing import Canvas, share_axis_y
from funnelkit.report.findings import Record, count, interval
from funnelkit.report.findings_aha import (
    REACHED,
    split_rows,
    split_subtitle,
    split_title,
    triangle_subtitle,
    triangle_title,
)
from funnelkit.report.model import AhaSection
from funnelkit.report.theme import DO, MUTED, text_width
from funnelkit.report.views_aha import triangle_rows
from funnelkit.table import percent

_PLOT = 220
_AXIS = 44
_CELL = 26
_DARKEST = 0.5  # text stays readable on it


def draw_split(section: AhaSection, width: int) -> Mapping[str, Any]:
    """Two lines with ribbons over the weeks after the entry."""
    canvas = Canvas(width)
    canvas.heading(split_title(section), split_subtitle(section))
    canvas.legend([("dot", f"reached {section.name}"), ("square", "not reached")])
    split = split_rows(section)
    weeks = [int(row["week"]) for rows in split.values() for row in rows]
    top = canvas.y + 8
    bottom, x0, x1 = top + _PLOT, canvas.left + _AXIS, canvas.right - 8
    share_axis_y(canvas, x0, canvas.right, top, bottom)
    first, last = min(weeks), max(weeks)

    def x(week: int) -> float:
        return x0 + 12 + (x1 - x0 - 16) * (week - first) / max(last - first, 1)

    def y(share: float) -> float:
        return bottom - share * _PLOT

    _week_labels(canvas, [(week, x(week)) for week in range(first, last + 1)], bottom)
    for value in reversed(split):  # those who reached it lie above
        color, shape = (DO, "circle") if value == REACHED else (MUTED, "square")
        rows = [row for row in split[value] if row["retention"] is not None]
        band = [(x(r["week"]), y(r["retention_lo"]), y(r["retention_hi"])) for r in rows]
        canvas.band(band, color=color)
        canvas.line([(x(r["week"]), y(r["retention"])) for r in rows], color=color)
        for row in rows:
            place = x(row["week"]), y(row["retention"])
            canvas.point(*place, _tip(value, row), color=color, shape=shape)
    return canvas.spec(bottom + 32)


def _week_labels(canvas: Canvas, weeks: Sequence[tuple[int, float]], bottom: float) -> None:
    """As many weeks as fit, the first always among them."""
    gap = weeks[1][1] - weeks[0][1] if len(weeks) > 1 else 99.0
    every = max(1, -int(-(text_width("week 99") + 12) // gap))
    for week, x in weeks[::every]:
        canvas.rule(x, bottom, x, bottom + 4)
        name = f"week {week}"
        half = text_width(name) / 2
        centre = min(max(x, canvas.left + half), canvas.right - half)
        canvas.text(centre, bottom + 18, name, MUTED, align="center")


def _tip(value: str, row: Record) -> str:
    band = interval(row["retention_lo"], row["retention_hi"])
    rate = percent(row["retention"])
    return f"{value}, week {row['week']}: {rate} ({band}), n = {count(row['matured'])}"


def draw_triangle(
    section: AhaSection, width: int, releases: Sequence[Release] = ()
) -> Mapping[str, Any]:
    """A box per entry week and week after the entry; a week with `releases` has their numbers."""
    canvas = Canvas(width)
    rows = triangle_rows(section)
    canvas.heading(triangle_title(section, rows), triangle_subtitle(section))
    numbers = release_numbers(releases, list(rows))
    label = text_width("2026-12-28") + 12 + max(map(text_width, numbers.values()), default=0)
    weeks = sorted({week for cells in rows.values() for week in cells})
    wide = min((canvas.right - canvas.left - label) / len(weeks), 40.0)
    top = canvas.y + 26
    left = {week: canvas.left + label + wide * at for at, week in enumerate(weeks)}
    for week, x in left.items():
        canvas.text(x + wide / 2, top - 8, str(week), MUTED, align="center")
    canvas.text(canvas.left, top - 8, "Week", MUTED)
    boxes = []
    for line, (cohort, cells) in enumerate(rows.items()):
        y = top + _CELL * line
        canvas.text(canvas.left, y + 17, cohort + numbers.get(cohort, ""), MUTED)
        for week in left.keys() & cells.keys():
            boxes.append((_shade(cells[week]["retention"]), y, left[week]))
            share = f"{100 * cells[week]['retention']:.0f}"
            canvas.text(left[week] + wide / 2 - 1, y + 17, share, align="center")
    for shade, y, x in sorted(boxes):
        canvas.cell(x, x + wide - 2, y, y + _CELL - 2, DO, shade)
    return canvas.spec(top + _CELL * len(rows) + 8)


def _shade(share: float) -> float:
    """In ten steps: one more entity does not move the colour of every box."""
    return round(0.05 + (_DARKEST - 0.05) * min(int(share * 10), 9) / 9, 2)
