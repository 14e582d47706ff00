"""The funnel chart and the chart by breakdown: horizontal bars and whiskers on a share axis."""

from collections.abc import Mapping
from typing import Any

from funnelkit.report.drawing import Canvas, share_grid_x, share_labels_x
from funnelkit.report.findings import (
    Record,
    breakdown_title,
    count,
    entrants,
    funnel_title,
    has_window,
    interval,
    lost_label,
    not_reached,
    optional_steps,
    records,
    share_of,
    value_name,
    value_rows,
)
from funnelkit.report.model import FunnelSection
from funnelkit.report.theme import DO, GHOST, HATCH, INK, MUTED, fit, text_width
from funnelkit.table import Table, percent

_FIRST_ROW = 54
_ROW = 72
_VALUE_ROW = 46


def funnel_subtitle(section: FunnelSection) -> str:
    """The method in one sentence."""
    start = f"Bars and their labels: all {count(entrants(section))} entrants"
    if not has_window(section.steps):
        return (
            f"{start}; whisker: 95 % Wilson interval. No window: whoever has not gone on counts as"
            " not reached."
        )
    matured = records(section.steps)[-1]["matured"]
    return (
        f"{start}, open windows included. Title, whisker (95 % Wilson interval) and the number"
        f" below it: the {count(matured)} mature ones, whose window of"
        f" {section.window or 'the funnel'} has closed."
    )


def draw_funnel(section: FunnelSection, width: int) -> Mapping[str, Any]:
    """Left-aligned bars: reached, hatched for open, pale for lost; whisker from step 2 on."""
    rows = records(section.steps)
    windowed = has_window(section.steps)
    canvas = Canvas(width)
    canvas.heading(funnel_title(section), funnel_subtitle(section))
    legend = [("bar", "reached, % of all entrants")]
    if windowed:
        legend += [("hatch", "window still open"), ("ghost", "lost, % of all at the step before")]
        legend.append(("whisker", "mature entrants only"))
    else:
        legend += [("ghost", "not reached, % of the step before"), ("whisker", "95 % interval")]
    canvas.legend(legend)
    y = canvas.y + 6
    optional = optional_steps(section)
    before: Record | None = None
    for row in rows:
        if row["step"] in optional and before is not None:
            y += _optional_row(canvas, row, before, y)
            continue
        y += _funnel_row(canvas, row, before, y)
        before = row
    share_labels_x(canvas, canvas.left, canvas.right, y + 8)
    return canvas.spec(y + 24)


def _optional_row(canvas: Canvas, row: Record, before: Record, y: float) -> float:
    """A step that may be passed by: who did it, and nobody is lost before it."""
    _label(canvas, row, y)
    _bar(canvas, row, None, y + 21)
    share = share_of(row["reached"], before["reached"])
    done = "" if share is None else f": {percent(share)} of those at {before['step_name']}"
    canvas.text(canvas.left, y + 57, f"optional{done}", MUTED)
    return _ROW


def _funnel_row(canvas: Canvas, row: Record, before: Record | None, y: float) -> float:
    """Draws a step and returns its height."""
    _label(canvas, row, y)
    _bar(canvas, row, before, y + 21)
    if before is None:
        return _FIRST_ROW
    still = f" · {count(row['open'])} still open" if row["open"] else ""
    below = lost_label(row, before) + still
    canvas.text(canvas.left, y + 57, below, MUTED)
    if row["matured"] is None or row["conversion"] is None:
        return _ROW
    # The other denominator, in words beside the whisker's bar; below where the line is too short.
    mature = f"mature: {percent(row['conversion'])} of {count(row['matured'])}"
    room = canvas.right - canvas.left - text_width(below) - text_width(mature)
    down = 0 if room >= 16 else 16
    canvas.text(canvas.right, y + 57 + down, mature, MUTED, align="right")
    return _ROW + down


def _label(canvas: Canvas, row: Record, y: float) -> None:
    entered, reached = row["entered"] or 0, row["reached"] or 0
    share = share_of(reached, entered)
    label = count(reached) + ("" if share is None else f" · {percent(share)}")
    room = canvas.right - canvas.left - text_width(label, 13, bold=True) - 12
    name = fit(str(row["step_name"]), room, 13, bold=True)
    canvas.text(canvas.left, y + 14, name, INK, size=13, bold=True)
    canvas.text(canvas.right, y + 14, label, INK, size=13, bold=True, align="right")


def _bar(canvas: Canvas, row: Record, before: Record | None, y: float) -> None:
    entered, reached, open_ = row["entered"] or 0, row["reached"] or 0, row["open"] or 0
    name = row["step_name"]

    def x(number: int) -> float:
        part = share_of(number, entered) or 0.0
        return canvas.left + part * (canvas.right - canvas.left)

    start, height = x(0), 22
    share_grid_x(canvas, canvas.left, canvas.right, y - 2, y + height + 2)
    of = f" of {count(entered)} entrants"
    canvas.rect(start, x(reached), y, y + height, DO, f"{name}: {count(reached)}{of} reached it")
    if before is not None:
        lost = not_reached(row, before)
        word = "not reached" if row["lost"] is None else "lost"
        here = f"{name}: {count(open_)}{of} still open"
        canvas.rect(x(reached), x(reached + open_), y, y + height, HATCH, here)
        gone = f"{name}: {count(lost)} {word} of {count(before['reached'])} at the step before"
        canvas.rect(x(reached + open_), x(reached + open_ + lost), y, y + height, GHOST, gone)
    if before is not None and row["conversion_lo"] is not None:
        _interval(canvas, row, y + height / 2)


def _interval(canvas: Canvas, row: Record, y: float) -> None:
    span = canvas.right - canvas.left
    low, high, middle = row["conversion_lo"], row["conversion_hi"], row["conversion"]
    ends = [canvas.left + float(share) * span for share in (low, high, middle)]
    canvas.whisker(ends[0], ends[1], ends[2], y)


def draw_breakdown(name: str, table: Table, width: int) -> Mapping[str, Any]:
    """A point with whisker per value, and its n; values stay in the table's order."""
    rows = value_rows(table)
    canvas = Canvas(width)
    canvas.heading(breakdown_title(name, table), breakdown_subtitle(table))
    y = canvas.y + 4
    for row in rows:
        _value_row(canvas, row, y)
        y += _VALUE_ROW
    share_labels_x(canvas, canvas.left, canvas.right, y + 12)
    return canvas.spec(y + 28)


def breakdown_subtitle(table: Table) -> str:
    """The method in one sentence."""
    rows = value_rows(table)
    step = f"to {rows[0]['step_name']}" if rows else ""
    whole = "mature entries" if has_window(table) else "entrants"
    if all(row["conversion"] is None for row in rows) and any(row["matured"] for row in rows):
        return f"Number of {whole} per value."
    return f"Conversion {step} of {whole} per value, with 95 % Wilson interval and n."


def _value_row(canvas: Canvas, row: Record, y: float) -> None:
    n = row["matured"] if row["matured"] is not None else row["entered"]
    known = row["conversion"] is not None
    rate = percent(row["conversion"]) if known else "no rate" if n else "none mature"
    size = f"n = {count(n or 0)}"
    gap = text_width(size) + 10
    room = canvas.right - canvas.left - gap - text_width(rate, 13, bold=True) - 12
    canvas.text(canvas.left, y + 14, fit(value_name(row), room, 13), INK, size=13)
    rate_x = canvas.right - gap
    canvas.text(canvas.right, y + 14, size, MUTED, align="right")
    canvas.text(rate_x, y + 14, rate, INK, size=13, bold=True, align="right")
    share_grid_x(canvas, canvas.left, canvas.right, y + 22, y + 36)
    canvas.rect(canvas.left, canvas.right, y + 27, y + 31, GHOST)
    if not known:
        return
    at = canvas.left + float(row["conversion"]) * (canvas.right - canvas.left)
    if row["conversion_lo"] is not None:
        _interval(canvas, row, y + 29)
    band = interval(row["conversion_lo"], row["conversion_hi"])
    canvas.point(at, y + 29, f"{value_name(row)}: {rate} ({band}), {size}")
