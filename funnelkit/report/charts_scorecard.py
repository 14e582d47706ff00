"""The charts of a scorecard: a row a metric with its course, and revenue by state."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from funnelkit.report import findings_scorecard as findings
from funnelkit.report.drawing import Canvas
from funnelkit.report.findings import Record
from funnelkit.report.model import ScorecardSection
from funnelkit.report.theme import DO, GHOST, HATCH, INK, MUTED, SAY, fit, text_width, wrap
from funnelkit.report.views import MOST_PERIODS

_PLOT, _LINE, _GAP = 56, 17, 22
_WORDS = 250  # of a wide row the part with words
MOST_BARS = 12
_FILLS = {"new": DO, "more": HATCH, "less": MUTED}
_LEGEND = {"new": "bar", "more": "hatch", "same": "ghost", "less": "muted", "lost": "say"}
_JOINED = "same, or joined with it"
Axis = Callable[[float], float]


class _Ends(NamedTuple):
    low: float
    high: float


def draw_metrics(section: ScorecardSection, side: str, width: int) -> Mapping[str, Any]:
    """A row a metric: value and standing in words, its course with the target beside them."""
    canvas = Canvas(width)
    canvas.heading(findings.title(section, side), findings.subtitle(section, side))
    rows = findings.metrics(section, side)
    courses = [findings.periods(section, side, str(row["metric"])) for row in rows]
    courses = [course[-MOST_PERIODS:] for course in courses]
    legend = [("dot", "value"), ("band", "95 % interval")]
    if any(point["state"] == "open" for course in courses for point in course):
        legend.insert(1, ("ring", "not over"))
    if any(row["bound"] is not None for row in rows):
        legend.append(("diamond", "target"))
    canvas.legend(legend)
    drawn = [(row, course) for row, course in zip(rows, courses, strict=True) if course]
    latest = [text_width(_latest(*each), bold=True) for each in drawn]
    scale = [text_width(label) for each in drawn for label in _scale(*each)]
    words = _WORDS if canvas.width > 500 else 0
    x0 = canvas.left + words + max(scale, default=0.0) + 8
    ends = (x0, canvas.right - max(latest, default=0.0) - 14)
    y = canvas.y + 8
    for row, course in zip(rows, courses, strict=True):
        y = _metric(canvas, row, course, y, ends) + _GAP
    return canvas.spec(y)


def _scale(row: Record, course: Sequence[Record]) -> tuple[str, str]:
    """The labels of both ends of the axis."""
    low, high = _domain(row, course)
    unit = _AXIS_UNITS.get(str(row["unit"]), str(row["unit"]))
    return findings.number(low, unit), findings.number(high, unit)


def _final(course: Sequence[Record]) -> int | None:
    """Where the latest value is that cannot move any more; none has a label without one."""
    return max((at for at, each in enumerate(course) if each["state"] == "final"), default=None)


def _latest(row: Record, course: Sequence[Record]) -> str:
    """The label of the latest final value."""
    at = _final(course)
    if at is None:
        return ""
    return ("≈ " if course[at]["rounded"] else "") + findings.number(
        course[at]["value"], str(row["unit"])
    )


def _metric(
    canvas: Canvas, row: Record, course: Sequence[Record], y: float, ends: tuple[float, float]
) -> float:
    """One metric from `y` on, its plot between `ends`; returns where it ends below."""
    is_wide = canvas.width > 500
    space = _WORDS - 16 if is_wide else canvas.right - canvas.left
    words = _words(canvas, row, space, y)
    if not course:
        return words
    top = y + 4 if is_wide else words + 12
    _course(canvas, row, course, ends, top)
    return max(words, top + _PLOT + 20)


def _words(canvas: Canvas, row: Record, space: float, y: float) -> float:
    """What it is, its value, its target and whose it is; returns where the words end."""
    told = findings.value(row)
    below = f"{findings.of_how_many(row)}".strip()
    standing = f"{findings.target(row)}: {row['standing']}" if row["target"] else "no target"
    lines = [
        *((line, INK, 13, False) for line in wrap(str(row["metric"]), space, 13)),
        *((line, INK, 12, True) for line in wrap(told, space, bold=True)),
        *((line, MUTED, 12, False) for line in wrap(standing, space)),
        (fit(" · ".join(filter(None, (below, findings.owner(row)))), space), MUTED, 12, False),
    ]
    for text, color, size, bold in lines:
        y += _LINE
        canvas.text(canvas.left, y - 4, text, color, size=size, bold=bold)
    return y


def _course(
    canvas: Canvas, row: Record, course: Sequence[Record], ends: tuple[float, float], top: float
) -> None:
    """The values by period with their band, the target across, the latest final one's label."""
    (x0, x1), bottom, unit = ends, top + _PLOT, str(row["unit"])
    domain = _domain(row, course)

    def y(value: float) -> float:
        clipped = min(max(value, domain.low), domain.high)
        return bottom - (clipped - domain.low) / (domain.high - domain.low) * _PLOT

    middle = (domain.low + domain.high) / 2
    for value in (domain.low, middle, domain.high):
        canvas.rule(x0, y(value), x1, y(value), GHOST if value == middle else MUTED)
    for label, place in zip(_scale(row, course), (bottom + 4, top + 8), strict=True):
        canvas.text(x0 - 8, place, label, MUTED, align="right")
    if row["bound"] is not None:
        _target(canvas, row, (x0, x1), y)
    xs = _spread(len(course), x0 + 8, x1 - 16)
    _series(canvas, list(zip(xs, course, strict=True)), unit, y)
    at, label = _final(course), _latest(row, course)
    if at == len(course) - 1:
        canvas.text(x1 + 10, y(course[at]["value"]) + 4, label, INK, bold=True)
    elif at is not None:  # at its own point: at the end it would be that of one not over
        place = y(course[at]["value"])
        place += -8 if place - 22 > top else 20
        canvas.text(xs[at], place, label, INK, bold=True, align="center")
    names = [str(point["period"]) for point in course]
    canvas.text(xs[0] - 8, bottom + 16, names[0], MUTED)
    room = xs[-1] + 8 - (xs[0] - 8)
    if len(names) > 1 and text_width(names[0]) + text_width(names[-1]) + 16 < room:
        canvas.text(xs[-1] + 8, bottom + 16, names[-1], MUTED, align="right")


_AXIS_UNITS = {"share": "whole share", "points": "score"}


def _target(canvas: Canvas, row: Record, ends: tuple[float, float], y: Axis) -> None:
    """A line across and a diamond at its end; of a gap to both sides of zero."""
    both = row["kind"] == "gap" and row["bound"]
    for bound in (row["bound"], -row["bound"])[: 2 if both else 1]:
        canvas.rule(ends[0], y(bound), ends[1], y(bound), SAY)
        canvas.point(ends[1], y(bound), f"target {row['target']}", color=SAY, shape="diamond")


def _series(canvas: Canvas, drawn: Sequence[tuple[float, Record]], unit: str, y: Axis) -> None:
    final = [each for each in drawn if each[1]["state"] == "final"]
    rest = [*final[-1:], *(each for each in drawn if each[1]["state"] != "final")]
    for group, pale in ((final, False), (rest, True)):
        limits = [
            (x, y(point["lo"]), y(point["hi"]))
            for x, point in group
            if None not in (point["lo"], point["hi"]) and point["lo"] < point["hi"]
        ]
        canvas.band(limits, pale=pale)
    for group, dashed in ((final, False), (rest, True)):
        canvas.line([(x, y(point["value"])) for x, point in group], dashed=dashed)
    for x, point in drawn:
        tip = f"{point['period']}: {findings.value({**point, 'unit': unit})}"
        canvas.point(x, y(point["value"]), tip, hollow=point["state"] != "final")


def _domain(row: Record, course: Sequence[Record]) -> _Ends:
    """Shares from 0 to 100 %, scores and gaps to both sides of 0, counts from 0 to a round one."""
    unit = str(row["unit"])
    if unit in ("share", "whole share"):
        return _Ends(0.0, 1.0)
    if unit in ("score", "points"):
        return _Ends(-1.0, 1.0)
    largest = max(row["bound"] or 0.0, *(point["value"] for point in course), 1.0)
    return _Ends(0.0, _round_above(largest))


def _round_above(largest: float) -> float:
    """A round number from `largest` on: one more moves only its own mark, hardly ever all."""
    size = 10.0 ** math.floor(math.log10(largest))
    units = (1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10)
    return next(size * unit for unit in units if largest <= size * unit * (1 + 1e-9))


def _spread(number: int, x0: float, x1: float) -> list[float]:
    if number == 1:
        return [x1]
    return [x0 + (x1 - x0) * at / (number - 1) for at in range(number)]


def draw_revenue(section: ScorecardSection, width: int) -> Mapping[str, Any]:
    """A bar a period of those that pay by state, what is lost below it, each with its number."""
    canvas = Canvas(width)
    canvas.heading(findings.revenue_title(section), findings.revenue_subtitle())
    shown = findings.revenue_periods(section)[-MOST_BARS:]
    canvas.legend(_legend(shown))
    most = _round_above(max(1, *(max(each.cents, _lost(each)) for each in shown)))
    space = canvas.right - canvas.left
    y = canvas.y + 6
    for period in shown:
        y = _bars(canvas, period, space / most, y)
    return canvas.spec(y)


def _legend(shown: Sequence[findings.Period]) -> list[tuple[str, str]]:
    """What there is; states that are joined look like the same."""
    there = {str(row["state"]) for each in shown for row in each.now}
    there |= {"lost" for each in shown if each.lost}
    joined = there - set(_LEGEND)
    there |= {"same"} if joined else set()
    return [
        (kind, _JOINED if joined and name == "same" else name)
        for name, kind in _LEGEND.items()
        if name in there
    ]


def _lost(period: findings.Period) -> int:
    return period.lost["revenue_cents"] if period.lost else 0


def _bars(canvas: Canvas, period: findings.Period, scale: float, y: float) -> float:
    canvas.text(canvas.left, y + 14, period.name, INK, size=13)
    canvas.text(canvas.right, y + 14, period.total(), INK, bold=True, align="right")
    at = canvas.left
    for row in period.now:
        end = at + row["revenue_cents"] * scale
        fill = _FILLS.get(str(row["state"]), GHOST)
        canvas.rect(at, end, y + 20, y + 34, fill, findings.state(row))
        at = end
    if period.lost:
        end = canvas.left + _lost(period) * scale
        canvas.rect(canvas.left, end, y + 36, y + 42, SAY, findings.state(period.lost))
    states = [*period.now, *([period.lost] if period.lost else [])]
    told = " · ".join(map(findings.state, states))
    y += 40
    for line in wrap(told, canvas.right - canvas.left):
        y += 16
        canvas.text(canvas.left, y, line, MUTED)
    return y + 14
