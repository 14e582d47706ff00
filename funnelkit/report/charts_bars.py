"""Counts as horizontal bars on an axis that is rounded up: one more moves one bar."""

import math
from collections.abc import Sequence
from typing import NamedTuple

from funnelkit.report.drawing import Canvas
from funnelkit.report.findings import count
from funnelkit.report.theme import INK, MUTED, fit, text_width

_ROW = 48


class Part(NamedTuple):
    """A stretch of a bar from nothing to `number`, drawn over the stretches before it."""

    number: int
    fill: str
    tip: str


class Bar(NamedTuple):
    """A row: its `name`, what is `told` of it to the right, its stretches.

    `limit`: a number that is not to be passed, and how it is told; it may lie beyond the axis.
    """

    name: str
    told: str
    parts: tuple[Part, ...]
    limit: tuple[float, str] | None = None


def axis_end(largest: float) -> int:
    """The smallest of 1, 2, 5, 10, 20, 50, … that is not below `largest`; 5 at least."""
    size = 10.0 ** max(math.floor(math.log10(max(largest, 1))), 0)
    return max(5, next(int(size * unit) for unit in (1, 2, 5, 10) if largest <= size * unit))


def draw_bars(canvas: Canvas, bars: Sequence[Bar], y: float) -> float:
    """The rows from `y` on and the axis below them; returns where they end."""
    end = axis_end(max((part.number for bar in bars for part in bar.parts), default=0))

    def x(number: float) -> float:
        return canvas.left + min(number / end, 1.0) * (canvas.right - canvas.left)

    for bar in bars:
        room = canvas.right - canvas.left - text_width(bar.told, bold=True) - 12
        canvas.text(canvas.left, y + 14, fit(bar.name, room, 13), INK, size=13)
        canvas.text(canvas.right, y + 14, bar.told, INK, bold=True, align="right")
        for part in (0.0, 0.5, 1.0):
            canvas.rule(x(part * end), y + 20, x(part * end), y + 38)
        for stretch in bar.parts:
            canvas.rect(canvas.left, x(stretch.number), y + 22, y + 36, stretch.fill, stretch.tip)
        if bar.limit is not None:
            y += _limit(canvas, x(bar.limit[0]), bar.limit[0] > end, bar.limit[1], y)
        y += _ROW
    canvas.text(canvas.left, y + 6, "0", MUTED)
    canvas.text(canvas.right, y + 6, count(end), MUTED, align="right")
    return y + 22


def _limit(canvas: Canvas, x: float, beyond: bool, told: str, y: float) -> float:
    """A line across the bar with its words below it; an arrow where it lies beyond the axis."""
    words = f"{told} →" if beyond else told
    half = text_width(words) / 2
    centre = min(max(x, canvas.left + half), canvas.right - half)
    if not beyond:
        canvas.line([(x, y + 18), (x, y + 41)], color=INK)
    canvas.text(centre, y + 53, words, MUTED, align="center")
    return 16
