"""What goes with the outcome: thresholds that were tried, and discovery against confirmation."""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from funnelkit.report.drawing import Canvas
from funnelkit.report.findings import Record, count, records
from funnelkit.report.findings_aha import (
    candidates,
    candidates_subtitle,
    candidates_title,
    cells_subtitle,
    cells_title,
    chosen_cell,
    difference,
    names,
    short_rule,
)
from funnelkit.report.model import SearchSection
from funnelkit.report.theme import DO, INK, MUTED, SAY, fit, text_width
from funnelkit.table import MINUS, shown

_CELL = 32
_ROW = 66
_STEP = 0.05  # of a difference, per step of colour
_STEPS = 5


def draw_cells(section: SearchSection, width: int) -> Mapping[str, Any]:
    """How often (down) by how many days (across); the chosen cell has an outline."""
    canvas = Canvas(width)
    canvas.heading(cells_title(section), cells_subtitle(section))
    canvas.legend([("frame", "chosen")])
    rows = records(section.cells)
    days, counts = names(rows, "within_days"), names(rows, "at_least")
    label = text_width("≥ 10 times") + 14
    wide = min((canvas.right - canvas.left - label) / len(days), 150.0)
    top = canvas.y + 26
    across = {day: canvas.left + label + wide * at for at, day in enumerate(days)}
    down = {least: top + _CELL * at for at, least in enumerate(counts)}
    for day, x in across.items():
        canvas.text(x + wide / 2, top - 8, f"{day} d", MUTED, align="center")
    for least, y in down.items():
        often = "≥ 1 time" if least == 1 else f"≥ {least} times"
        canvas.text(canvas.left, y + 20, often, MUTED)
    known = [row for row in rows if row["rd"] is not None]
    for shade, fill, x, y in sorted(
        (*_shade(row["rd"]), across[row["within_days"]], down[row["at_least"]]) for row in known
    ):
        canvas.cell(x, x + wide - 2, y, y + _CELL - 2, fill, shade)
    for row in known:
        place = across[row["within_days"]] + wide / 2 - 1, down[row["at_least"]] + 19
        canvas.text(*place, shown(row["rd"], "points"), align="center")
    chosen = chosen_cell(section)
    if chosen:
        x, y = across[chosen["within_days"]], down[chosen["at_least"]]
        canvas.frame(x, x + wide - 2, y, y + _CELL - 2)
    return canvas.spec(top + _CELL * len(counts) + 8)


def _shade(estimate: float) -> tuple[float, str]:
    """In steps of 5 points; the sign is in the colour and in the text."""
    step = min(math.floor(abs(estimate) / _STEP) + 1, _STEPS)
    return round(0.1 * step, 2), DO if estimate >= 0 else SAY


def draw_candidates(section: SearchSection, width: int) -> Mapping[str, Any]:
    """Per candidate the difference on the half that proposes, and on the half that decides."""
    canvas = Canvas(width)
    canvas.heading(candidates_title(section), candidates_subtitle(section))
    canvas.legend([("hollow", "half that proposes"), ("point", "half that decides")])
    rows = candidates(section)
    span = _span(rows)
    middle, half = (canvas.left + canvas.right) / 2, (canvas.right - canvas.left) / 2

    def x(estimate: float) -> float:
        return middle + half * estimate / span

    y = canvas.y + 6
    for row in rows:
        _label(canvas, row, y)
        canvas.rule(middle, y + 22, middle, y + 58, MUTED)
        for name, down, hollow in (("rd_discovery", 31, True), ("rd", 49, False)):
            _interval(canvas, row, name, (x, y + down), hollow=hollow)
        y += _ROW
    end = f"{100 * span:.0f} pp"
    canvas.text(canvas.left, y + 10, MINUS + end, MUTED)
    canvas.text(middle, y + 10, "0", MUTED, align="center")
    canvas.text(canvas.right, y + 10, "+" + end, MUTED, align="right")
    return canvas.spec(y + 26)


def _label(canvas: Canvas, row: Record, y: float) -> None:
    verdict = str(row["verdict"])
    room = canvas.right - canvas.left - text_width(verdict, bold=True) - 16
    name = f"{row['event']} {short_rule(row)}"
    canvas.text(canvas.left, y + 14, fit(name, room, 13), INK, size=13)
    canvas.text(canvas.right, y + 14, verdict, INK, bold=True, align="right")


def _interval(canvas: Canvas, row: Record, name: str, place: Any, *, hollow: bool) -> None:
    x, y = place
    estimate, low, high = (row[f"{name}{end}"] for end in ("", "_lo", "_hi"))
    if estimate is None:
        return
    if low is not None and high is not None:
        canvas.whisker(x(low), x(high), x(estimate), y, 5, on_paper=True)
    part, n = ("proposes", "n_discovery") if hollow else ("decides", "n_confirmation")
    size = "" if row.get(n) is None else f", n = {count(row[n])}"
    tip = f"{row['event']}, half that {part}: {difference(estimate, low, high)}{size}"
    canvas.point(x(estimate), y, tip, hollow=hollow)


def _span(rows: Sequence[Record]) -> float:
    """The axis to both sides, in steps of 10 points: it holds every interval."""
    ends = [
        abs(row[f"{name}{end}"])
        for row in rows
        for name in ("rd_discovery", "rd")
        for end in ("", "_lo", "_hi")
        if row[f"{name}{end}"] is not None
    ]
    return min(1.0, max(0.1, math.ceil(max(ends, default=0.1) * 10 - 1e-9) / 10))
