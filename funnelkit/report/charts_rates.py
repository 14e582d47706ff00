"""The trend by entry week and the time-to-convert curve: lines with an interval band."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from funnelkit.report.annotations import Release, fitting, placed
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
from funnelkit.report.theme import INK, MUTED, fit, text_width
from funnelkit.stats.curve import Quartile, multiples, nice_step, quartiles
from funnelkit.table import Table, duration, percent

Place = Callable[[float], float]
_PLOT = 220
_AXIS = 44
_APART = 18  # pixels between the numbers of two releases
_MOST_RELEASES, _FEW_RELEASES = 5, 3


def trend_subtitle(table: Table) -> str:
    """The method in one sentence."""
    rows = final_rows(table)
    step = f"to {rows[0]['step_name']} " if rows else ""
    return (
        f"Conversion {step}by the week of entry, band: 95 % Wilson interval. Hollow: some windows"
        " are still open and the number can move; without a line: share so far."
    )


class Dot(NamedTuple):
    """A period's share: `is_final` fills its point, and without `is_joined` no line goes to it."""

    name: str
    share: float | None
    lo: float | None
    hi: float | None
    is_final: bool
    is_joined: bool
    tip: str


def draw_trend(table: Table, width: int, releases: Sequence[Release] = ()) -> Mapping[str, Any]:
    """Filled points and ribbon for mature cohorts, hollow and dashed for the others."""
    canvas = Canvas(width)
    canvas.heading(trend_title(table), trend_subtitle(table))
    return draw_periods(canvas, [_dot(row) for row in final_rows(table)], "mature week", releases)


def draw_periods(
    canvas: Canvas, dots: Sequence[Dot], final: str, releases: Sequence[Release] = ()
) -> Mapping[str, Any]:
    """Shares by period below a heading; `final` is what a filled point is called.

    `releases` are marked by a thin line where they happened, and named below the legend.
    """
    legend = [("dot", final), ("band", "95 % interval")]
    if not all(dot.is_final for dot in dots):
        legend.insert(1, ("ring", "still open"))
    canvas.legend(legend)
    x0, x1 = canvas.left + _AXIS, canvas.right - 8
    xs = _spread(len(dots), x0 + 12, x1 - 4)
    marks = _release_marks(canvas, releases, [dot.name for dot in dots], xs)
    top = canvas.y + (24 if marks else 8)
    bottom = top + _PLOT
    share_axis_y(canvas, x0, canvas.right, top, bottom)
    for release, at in marks:
        x = min(max(at, x0), canvas.right)
        canvas.rule(x, top, x, bottom, MUTED)
        canvas.text(x, top - 5, str(release.number), MUTED, align="center")
    _period_labels(canvas, [dot.name for dot in dots], xs, bottom)

    def y(share: float) -> float:
        return bottom - share * _PLOT

    drawn = list(zip(xs, dots, strict=True))
    for final_, group in _runs(drawn):
        known = [
            (x, y(dot.lo), y(dot.hi))
            for x, dot in group
            if dot.lo is not None and dot.hi is not None
        ]
        canvas.band(known, pale=not final_)
    for final_, group in _runs(drawn):
        # A line to the share so far of a cohort that is all open would look like a collapse.
        ends = [(x, y(dot.share)) for x, dot in group if dot.share is not None and dot.is_joined]
        canvas.line(ends, dashed=not final_)
    for x, dot in drawn:
        if dot.share is not None:
            canvas.point(x, y(dot.share), dot.tip, hollow=not dot.is_final)
    return canvas.spec(bottom + 32)


def _dot(row: Record) -> Dot:
    share = drawn_share(row)
    return Dot(
        name=str(row["period"]),
        share=share,
        lo=row["conversion_lo"],
        hi=row["conversion_hi"],
        is_final=is_mature(row),
        is_joined=row["conversion"] is not None,
        tip="" if share is None else _period_tip(row, share),
    )


def drawn_share(row: Record) -> float | None:
    """The conversion of the mature entries; without any, the share of entrants so far."""
    if row["conversion"] is not None:
        return float(row["conversion"])
    return share_of(row["reached"], row["entered"])


def _runs(drawn: Sequence[tuple[float, Dot]]) -> list[tuple[bool, list[tuple[float, Dot]]]]:
    """Stretches of equal maturity; an immature one begins at the last mature point."""
    runs: list[tuple[bool, list[tuple[float, Dot]]]] = []
    for item in drawn:
        final = item[1].is_final
        if not runs or runs[-1][0] != final:
            runs.append((final, [runs[-1][1][-1]] if runs else []))
        runs[-1][1].append(item)
    return runs


def _period_tip(row: Record, share: float) -> str:
    if row["conversion"] is None:
        so_far = f"{count(row['reached'])} of {count(row['entered'])} so far"
        return f"{row['period']}: {percent(share)} ({so_far}, no entry is mature)"
    n = row["matured"] if row["matured"] is not None else row["entered"]
    band = interval(row["conversion_lo"], row["conversion_hi"])
    return f"{row['period']}: {percent(share)} ({band}), n = {count(n)}"


def _release_marks(
    canvas: Canvas, releases: Sequence[Release], names: Sequence[str], xs: Sequence[float]
) -> list[tuple[Release, float]]:
    """The releases that fit, each with its place, named in lines below the legend.

    A point stands for a whole week: half of a step to its left is where that week begins.
    """
    step = xs[1] - xs[0] if len(xs) > 1 else 0.0
    there = [(each.release, xs[0] + (each.at - 0.5) * step) for each in placed(releases, names)]
    marks = fitting(there, _APART, _MOST_RELEASES if canvas.width > 500 else _FEW_RELEASES)
    for release, _ in marks:
        canvas.y += 16
        canvas.text(canvas.left, canvas.y, fit(release.told, canvas.right - canvas.left), MUTED)
    return marks


def _spread(number: int, x0: float, x1: float) -> list[float]:
    if number == 1:
        return [(x0 + x1) / 2]
    return [x0 + (x1 - x0) * i / (number - 1) for i in range(number)]


def _period_labels(
    canvas: Canvas, names: Sequence[str], xs: Sequence[float], bottom: float
) -> None:
    """As many of the periods' names as fit, the first always among them."""
    need = max(map(text_width, names), default=0) + 16
    gap = xs[1] - xs[0] if len(xs) > 1 else need
    every = max(1, -int(-need // gap))
    for index, (name, x) in enumerate(zip(names, xs, strict=True)):
        if index % every:
            continue
        half = text_width(name) / 2
        centre = min(max(x, canvas.left + half), canvas.right - half)
        canvas.rule(x, bottom, x, bottom + 4)
        canvas.text(centre, bottom + 18, name, MUTED, align="center")


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
    return draw_curve(canvas, rows, "converted_share", quartiles(rows), "of those who finish")


def draw_curve(
    canvas: Canvas, rows: Sequence[Record], share: str, marks: Sequence[Quartile], whose: str
) -> Mapping[str, Any]:
    """A curve over elapsed time below a heading; `marks` are parts `whose` time is shown."""
    top = canvas.y + 12
    bottom, x0, x1 = top + _PLOT, canvas.left + _AXIS, canvas.right - 8
    share_axis_y(canvas, x0, canvas.right, top, bottom)
    end = float(rows[-1]["seconds"]) or 1.0

    def x(seconds: float) -> float:
        return x0 + (x1 - x0) * seconds / end

    def y(part: float) -> float:
        return bottom - part * _PLOT

    for seconds in multiples(nice_step(end, 7 if canvas.width > 500 else 4), end):
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
    canvas.line([(x(r["seconds"]), y(r[share])) for r in rows], width=2.5)
    # On a grid of 5 %: one more conversion does not move every label.
    highest = math.ceil(max((r["hi"] or r[share] for r in rows), default=0.0) * 20) / 20
    _marks(canvas, marks, whose, (x, y), (y(highest) - 8, bottom))
    return canvas.spec(bottom + 32)


def _marks(
    canvas: Canvas,
    marks: Sequence[Quartile],
    whose: str,
    place: tuple[Place, Place],
    ends: tuple[float, float],
) -> None:
    """Median and quartiles: a point on the curve, a line through it, the time above."""
    names = {0.25: "25 %:", 0.5: "median", 0.75: "75 %:"}
    (x, y), (above, bottom) = place, ends
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
        tip = f"{part:.0%} {whose}: {duration(seconds)} after entry".replace("%", " %")
        canvas.point(x(seconds), y(share), tip)
