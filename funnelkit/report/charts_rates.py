"""The trend by entry week and the time-to-convert curve: lines with an interval band."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from funnelkit.report.drawing import Canvas, share_axis_y
from funnelkit.report.findings import (
    Record,
    count,
    final_rows,
    interval,
    is_mature,
    records,
    share_of,
    times_title,
    trend_title,
)
from funnelkit.report.theme import INK, MUTED, text_width
from funnelkit.stats.curve import multiples, nice_step, quartiles
from funnelkit.table import Table, duration, percent

Place = Callable[[float], float]
_PLOT = 220
_AXIS = 44


def trend_subtitle(table: Table) -> str:
    """The method in one sentence."""
    rows = final_rows(table)
    step = f"to {rows[0]['step_name']} " if rows else ""
    return (
        f"Conversion {step}by the week of entry, band: 95 % Wilson interval. Hollow: some windows"
        " are still open and the number can move; without a line: share so far."
    )


def draw_trend(table: Table, width: int) -> Mapping[str, Any]:
    """Filled points and ribbon for mature cohorts, hollow and dashed for the others."""
    rows = final_rows(table)
    canvas = Canvas(width)
    canvas.heading(trend_title(table), trend_subtitle(table))
    legend = [("dot", "mature week"), ("band", "95 % interval")]
    if any(not is_mature(row) for row in rows):
        legend.insert(1, ("ring", "still open"))
    canvas.legend(legend)
    top = canvas.y + 8
    bottom, x0, x1 = top + _PLOT, canvas.left + _AXIS, canvas.right - 8
    share_axis_y(canvas, x0, canvas.right, top, bottom)
    xs = _spread(len(rows), x0 + 12, x1 - 4)
    _period_labels(canvas, rows, xs, bottom)

    def y(share: float) -> float:
        return bottom - share * _PLOT

    drawn = [(x, r, drawn_share(r)) for x, r in zip(xs, rows, strict=True)]
    for mature, group in _runs(drawn):
        known = [
            (x, y(r["conversion_lo"]), y(r["conversion_hi"]))
            for x, r, _ in group
            if r["conversion_lo"] is not None
        ]
        canvas.band(known, pale=not mature)
    for mature, group in _runs(drawn):
        # A line to the share so far of a cohort that is all open would look like a collapse.
        ends = [(x, y(s)) for x, r, s in group if s is not None and r["conversion"] is not None]
        canvas.line(ends, dashed=not mature)
    for x, row, share in drawn:
        if share is not None:
            canvas.point(x, y(share), _period_tip(row, share), hollow=not is_mature(row))
    return canvas.spec(bottom + 32)


def drawn_share(row: Record) -> float | None:
    """The conversion of the mature entries; without any, the share of entrants so far."""
    if row["conversion"] is not None:
        return float(row["conversion"])
    return share_of(row["reached"], row["entered"])


Drawn = tuple[float, Record, float | None]


def _runs(drawn: Sequence[Drawn]) -> list[tuple[bool, list[Drawn]]]:
    """Stretches of equal maturity; an immature one begins at the last mature point."""
    runs: list[tuple[bool, list[Drawn]]] = []
    for item in drawn:
        mature = is_mature(item[1])
        if not runs or runs[-1][0] != mature:
            runs.append((mature, [runs[-1][1][-1]] if runs else []))
        runs[-1][1].append(item)
    return runs


def _period_tip(row: Record, share: float) -> str:
    if row["conversion"] is None:
        so_far = f"{count(row['reached'])} of {count(row['entered'])} so far"
        return f"{row['period']}: {percent(share)} ({so_far}, no entry is mature)"
    n = row["matured"] if row["matured"] is not None else row["entered"]
    band = interval(row["conversion_lo"], row["conversion_hi"])
    return f"{row['period']}: {percent(share)} ({band}), n = {count(n)}"


def _spread(number: int, x0: float, x1: float) -> list[float]:
    if number == 1:
        return [(x0 + x1) / 2]
    return [x0 + (x1 - x0) * i / (number - 1) for i in range(number)]


def _period_labels(
    canvas: Canvas, rows: Sequence[Record], xs: Sequence[float], bottom: float
) -> None:
    """As many of the periods' names as fit, the first always among them."""
    need = max((text_width(str(row["period"])) for row in rows), default=0) + 16
    gap = xs[1] - xs[0] if len(xs) > 1 else need
    every = max(1, -int(-need // gap))
    for index, (row, x) in enumerate(zip(rows, xs, strict=True)):
        if index % every:
            continue
        half = text_width(str(row["period"])) / 2
        centre = min(max(x, canvas.left + half), canvas.right - half)
        canvas.rule(x, bottom, x, bottom + 4)
        canvas.text(centre, bottom + 18, str(row["period"]), MUTED, align="center")


def times_subtitle(entered: int, step: str) -> str:
    """The method in one sentence."""
    return (
        f"Share of all {count(entered)} entrants who have reached {step} by the time since entry"
        " (1 − Kaplan-Meier, open entries censored), 95 % interval; straight lines between the"
        " times of the table. Marked: a quarter, half and three quarters of those who finish."
    )


def draw_times(table: Table, entered: int, step: str, width: int) -> Mapping[str, Any]:
    """The curve with its band; median and quartiles of those who finish are marked."""
    rows = records(table)
    canvas = Canvas(width)
    canvas.heading(times_title(table), times_subtitle(entered, step))
    top = canvas.y + 12
    bottom, x0, x1 = top + _PLOT, canvas.left + _AXIS, canvas.right - 8
    share_axis_y(canvas, x0, canvas.right, top, bottom)
    end = float(rows[-1]["seconds"]) or 1.0

    def x(seconds: float) -> float:
        return x0 + (x1 - x0) * seconds / end

    def y(share: float) -> float:
        return bottom - share * _PLOT

    for seconds in multiples(nice_step(end, 7 if width > 500 else 4), end):
        canvas.rule(x(seconds), bottom, x(seconds), bottom + 4)
        half = text_width(duration(seconds)) / 2
        centre = min(x(seconds), canvas.right - half)
        canvas.text(centre, bottom + 18, duration(seconds), MUTED, align="center")
    canvas.band(
        [
            (x(r["seconds"]), y(r["lo"]), y(r["hi"]))
            for r in rows
            if r["lo"] is not None and r["hi"] is not None
        ]
    )
    canvas.line([(x(r["seconds"]), y(r["converted_share"])) for r in rows], width=2.5)
    _marks(canvas, rows, x, y, bottom)
    return canvas.spec(bottom + 32)


def _marks(canvas: Canvas, rows: Sequence[Record], x: Place, y: Place, bottom: float) -> None:
    """Median and quartiles: a point on the curve, a line through it, the time above."""
    names = {0.25: "25 %:", 0.5: "median", 0.75: "75 %:"}
    marks = quartiles(rows)
    top = max((r["hi"] or r["converted_share"] for r in rows), default=0.0)
    # On a grid of 5 %: one more conversion does not move every label.
    above = y(math.ceil(top * 20) / 20) - 8
    placed: list[tuple[float, int]] = []
    # From the latest to the earliest: a label stands above every line and label it would touch.
    for part, seconds, share in reversed(marks):
        label = f"{names[part]} {duration(seconds)}"
        width = text_width(label, bold=True)
        at = min(x(seconds) - 4, canvas.right - width)
        level = max((n + 1 for left, n in placed if left < at + width + 12), default=0)
        placed.append((at, level))
        height = above - 18 * level
        canvas.rule(x(seconds), height + 5, x(seconds), bottom, MUTED)
        canvas.text(at, height, label, INK, bold=part == 0.5)
        tip = f"{part:.0%} of those who finish: {duration(seconds)} after entry".replace("%", " %")
        canvas.point(x(seconds), y(share), tip)
