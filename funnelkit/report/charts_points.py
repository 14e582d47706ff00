"""Differences as points with whiskers on an axis of percentage points, zero in its middle."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from funnelkit.report.drawing import Canvas
from funnelkit.report.theme import GHOST, INK, MUTED, fit, text_width
from funnelkit.table import MINUS

_ROW = 50


class Difference(NamedTuple):
    """A row: its `name`, what is `told` of it, bold, to the right, and where it lies.

    `estimate`, `lo` and `hi` are differences of shares; `hollow`: not shown to be one.
    """

    name: str
    told: str
    estimate: float
    lo: float | None
    hi: float | None
    hollow: bool = False


def draw_differences(
    canvas: Canvas, rows: Sequence[Difference], margin: float = 0.0
) -> Mapping[str, Any]:
    """The rows below a heading and its legend; up to `margin` to both sides is shaded."""
    span = _span(rows, margin)
    middle, half = (canvas.left + canvas.right) / 2, (canvas.right - canvas.left) / 2

    def x(estimate: float) -> float:
        return middle + half * max(-span, min(span, estimate)) / span

    y = canvas.y + 6
    for row in rows:
        _heads(canvas, row.name, row.told, y)
        if margin:
            canvas.rect(x(-margin), x(margin), y + 22, y + 42, GHOST)
            canvas.line([(middle, y + 22), (middle, y + 42)], color=MUTED, width=1)
        for side in (canvas.left, canvas.right):
            canvas.rule(side, y + 22, side, y + 42)
        canvas.rule(middle, y + 22, middle, y + 42, MUTED)
        if row.lo is not None and row.hi is not None:
            canvas.whisker(x(row.lo), x(row.hi), x(row.estimate), y + 32, 5, on_paper=True)
        tip = f"{row.name}: {row.told}"
        canvas.point(x(row.estimate), y + 32, tip, hollow=row.hollow)
        y += _ROW
    end = f"{100 * span:.0f} pp"
    canvas.text(canvas.left, y + 8, MINUS + end, MUTED)
    canvas.text(middle, y + 8, "0", MUTED, align="center")
    canvas.text(canvas.right, y + 8, "+" + end, MUTED, align="right")
    return canvas.spec(y + 24)


def _heads(canvas: Canvas, name: str, told: str, y: float) -> None:
    room = canvas.right - canvas.left - text_width(told, bold=True) - 12
    canvas.text(canvas.left, y + 14, fit(name, room, 13), INK, size=13)
    canvas.text(canvas.right, y + 14, told, INK, bold=True, align="right")


def _span(rows: Sequence[Difference], margin: float) -> float:
    """The axis to both sides, in steps of 10 points: it holds every interval."""
    ends = [end for row in rows for end in (row.estimate, row.lo, row.hi) if end is not None]
    most = max([0.1, margin, *map(abs, ends)])
    return min(1.0, math.ceil(most * 10 - 1e-9) / 10)
