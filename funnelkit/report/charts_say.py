"""Say against do: the dumbbell, the quadrants, claims, NPS by wave, and the opportunities."""

import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from funnelkit.report import findings_say as findings
from funnelkit.report.drawing import Canvas, label_share, share_grid_x, share_labels_x
from funnelkit.report.findings import Record, count, with_interval
from funnelkit.report.model import SaySection
from funnelkit.report.theme import DO, GHOST, INK, MUTED, SAY, fit, text_width, wrap
from funnelkit.report.views_say import business_value, customer_value, money
from funnelkit.table import MINUS, percent

_ROW = 50
_BAR_ROW = 66
MOST_FEATURES = 20
_SIDES = ("over", "same", "under")
_SHAPES = ("circle", "triangle-up", "cross")
Box = tuple[float, float, float, float]
Axis = Callable[[float], float]


def draw_gaps(section: SaySection, width: int) -> Mapping[str, Any]:
    """Per feature the share who like it (diamond) and the share who use it (circle)."""
    canvas = Canvas(width)
    canvas.heading(findings.gaps_title(section), findings.gaps_subtitle(section))
    canvas.legend([("diamond", "say: like it"), ("point", "do: use it")])
    x0, x1 = canvas.left + 8, canvas.right - 8
    y = canvas.y + 6
    for row in findings.by_gap(section)[:MOST_FEATURES]:
        _dumbbell(canvas, row, x0, x1, y)
        y += _ROW
        revenue = findings.revenue_label(section, row)
        for line in wrap(revenue, canvas.right - canvas.left) if revenue else ():
            canvas.text(canvas.left, y + 6, line, MUTED)
            y += 18
    share_labels_x(canvas, x0, x1, y + 8)
    return canvas.spec(y + 24)


def _dumbbell(canvas: Canvas, row: Record, x0: float, x1: float, y: float) -> None:
    told = f"gap {findings.gap(row)}"
    _heads(canvas, f"{row['feature']}, n = {count(row['n'])}", told, y)
    share_grid_x(canvas, x0, x1, y + 22, y + 42)
    say, do = (x0 + row[name] * (x1 - x0) for name in ("say", "do"))
    canvas.line([(min(say, do), y + 32), (max(say, do), y + 32)], color=MUTED, width=3)
    who = f"{row['feature']}: {{}} of {count(row['n'])}"
    canvas.point(do, y + 32, f"{who.format(findings.about(row) + percent(row['do']))} use it")
    tip = f"{who.format(percent(row['say']))} like it"
    canvas.point(say, y + 32, tip, color=SAY, shape="diamond")


def _heads(canvas: Canvas, name: str, told: str, y: float) -> None:
    """A row's name to the left and what it comes to, bold, to the right."""
    room = canvas.right - canvas.left - text_width(told, bold=True) - 12
    canvas.text(canvas.left, y + 14, fit(name, room, 13), INK, size=13)
    canvas.text(canvas.right, y + 14, told, INK, bold=True, align="right")


class _Labels:
    """Labels beside points, none over another; where nothing is free a point keeps its tooltip."""

    def __init__(self, canvas: Canvas, ends: Box, taken: Sequence[Box] = ()) -> None:
        self.canvas = canvas
        self.ends = ends
        self.taken = list(taken)

    def keep(self, x: float, y: float) -> None:
        """No label may cover a point."""
        self.taken.append((x - 7, y - 7, x + 7, y + 7))

    def place(self, x: float, y: float, text: str) -> None:
        """To the right of the point, to its left, above it or below it: the first that is free."""
        wide = text_width(text)
        places = ((x + 10, y + 4), (x - 10 - wide, y + 4), (x - wide / 2, y - 11))
        for left, base in (*places, (x - wide / 2, y + 20)):
            box = (left, base - 11, left + wide, base + 4)
            if self._inside(box) and not any(_crosses(box, other) for other in self.taken):
                self.taken.append(box)
                self.canvas.text(left, base, text)
                return

    def _inside(self, box: Box) -> bool:
        x0, y0, x1, y1 = self.ends
        return x0 <= box[0] and y0 <= box[1] and box[2] <= x1 and box[3] <= y1


def _crosses(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def draw_quadrant(section: SaySection, width: int) -> Mapping[str, Any]:
    """Say across, do up; half of the respondents on each axis."""
    canvas = Canvas(width)
    canvas.heading(findings.quadrant_title(section), findings.quadrant_subtitle(section))
    x0, x1 = canvas.left + 44, canvas.right - 8
    top = canvas.y + 26
    bottom = top + min(x1 - x0, 340)
    canvas.text(canvas.left, top - 10, "use it", MUTED)

    def x(share: float) -> float:
        return x0 + share * (x1 - x0)

    def y(share: float) -> float:
        return bottom - share * (bottom - top)

    for share in (0.0, 0.5, 1.0):
        color = MUTED if share == 0.5 else GHOST
        canvas.rule(x(share), top, x(share), bottom, color)
        canvas.rule(x0, y(share), x1, y(share), color)
        canvas.text(x0 - 8, y(share) + 4, label_share(share), MUTED, align="right")
    share_labels_x(canvas, x0, x1, bottom + 18)
    canvas.text((x0 + x1) / 2, bottom + 36, "like it", MUTED, align="center")
    rows = findings.quadrant_rows(section)[:MOST_FEATURES]
    points = [(x(row["say"]), y(row["do"])) for row in rows]
    taken = _corners(canvas, (x0, top, x1, bottom), points)
    labels = _Labels(canvas, (x0, top, x1, bottom + 6), taken)
    for row in rows:
        tip = (
            f"{row['feature']}, n = {count(row['n'])}:"
            f" like {with_interval(row['say'], row['say_lo'], row['say_hi'])},"
            f" use {with_interval(row['do'], row['do_lo'], row['do_hi'])}"
        )
        canvas.point(x(row["say"]), y(row["do"]), tip)
        labels.keep(x(row["say"]), y(row["do"]))
    for row in rows:
        name = fit(str(row["feature"]), 0.4 * (x1 - x0))
        labels.place(x(row["say"]), y(row["do"]), name)
    return canvas.spec(bottom + 48)


def _corners(canvas: Canvas, ends: Box, points: Sequence[tuple[float, float]]) -> list[Box]:
    """What each quarter means, where no point is; returns where the words stand."""
    x0, top, x1, bottom = ends
    half, up = (x1 - x0) / 2, (bottom - top) / 2
    boxes = []
    for words, left, ceiling in (
        ("disliked, used", x0, top),
        ("liked, used", x0 + half, top),
        ("disliked, not used", x0, top + up),
        ("liked, not used", x0 + half, top + up),
    ):
        x = left + (half - text_width(words)) / 2
        places = [ceiling + down for down in (18, up / 2, up - 10)]
        found = [(x, base - 12, x + text_width(words), base + 5) for base in places]
        free = [box for box in found if not any(_holds(box, point) for point in points)]
        for box in free[:1]:
            canvas.text(box[0], box[1] + 12, words, MUTED)
            boxes.append(box)
    return boxes


def _holds(box: Box, point: tuple[float, float]) -> bool:
    x, y = point
    return _crosses(box, (x - 7, y - 7, x + 7, y + 7))


def draw_claims(section: SaySection, width: int) -> Mapping[str, Any]:
    """Per question a bar of those who claim more, the same and less than the log has."""
    canvas = Canvas(width)
    canvas.heading(findings.claims_title(section), findings.claims_subtitle())
    canvas.legend([("say", "over"), ("ghost", "the same"), ("bar", "under")])
    y = canvas.y + 6
    space = canvas.right - canvas.left
    for row in findings.claim_rows(section)[:MOST_FEATURES]:
        name = f"{findings.claim_name(row)}, n = {count(row['n'])}"
        canvas.text(canvas.left, y + 14, fit(name, space, 13), INK, size=13)
        at = canvas.left
        shares = findings.three(row)
        for part, fill, share in zip(_SIDES, (SAY, GHOST, DO), shares, strict=True):
            end = at + row[part] / row["n"] * space
            canvas.rect(at, end, y + 20, y + 38, fill, f"{part}: {share}")
            at = end
        told = (f"{part} {share}" for part, share in zip(_SIDES, shares, strict=True))
        canvas.text(canvas.left, y + 53, " · ".join(told), MUTED)
        y += _BAR_ROW
    return canvas.spec(y + 8)


def draw_nps(section: SaySection, width: int) -> Mapping[str, Any]:
    """Per wave the score with its interval, from −100 to +100."""
    canvas = Canvas(width)
    canvas.heading(findings.nps_title(section), findings.nps_subtitle())
    canvas.legend([("point", "NPS"), ("whisker", "95 % interval")])
    x0, x1 = canvas.left + 8, canvas.right - 8
    y = canvas.y + 6

    def x(score: float) -> float:
        return x0 + (score + 1) / 2 * (x1 - x0)

    for row in findings.nps_rows(section)[-MOST_FEATURES:]:
        _heads(canvas, f"{row['wave']}, n = {count(row['n'])}", findings.nps_interval(row), y)
        for score in (-1.0, 0.0, 1.0):
            canvas.rule(x(score), y + 22, x(score), y + 42, GHOST if score else MUTED)
        if row["lo"] is not None:
            canvas.whisker(x(row["lo"]), x(row["hi"]), x(row["nps"]), y + 32, 5, on_paper=True)
        canvas.point(x(row["nps"]), y + 32, f"{row['wave']}: {findings.nps_interval(row)}")
        y += _ROW
    for score, text in ((-1.0, f"{MINUS}100"), (0.0, "0"), (1.0, "+100")):
        align = {-1.0: "left", 0.0: "center", 1.0: "right"}[score]
        canvas.text(x(score), y + 8, text, MUTED, align=align)
    return canvas.spec(y + 24)


def draw_opportunities(section: SaySection, width: int) -> Mapping[str, Any]:
    """Business value across, customer value up; the tier is the shape."""
    canvas = Canvas(width)
    canvas.heading(findings.opportunities_title(section), findings.opportunities_subtitle())
    rows = findings.opportunity_rows(section)[:MOST_FEATURES]
    tiers = sorted({shape_of(row) for row in rows})
    canvas.legend([(_SHAPES[tier], _tier_name(tier)) for tier in tiers])
    x0, x1 = canvas.left + 36, canvas.right - 8
    top = canvas.y + 26
    bottom = top + 260
    across = _axis([row["business_value_cents"] / 100 for row in rows])
    up = _axis([row["customer_value"] for row in rows])

    def x(value: float) -> float:
        return x0 + (x1 - x0) * value / across[-1]

    def y(value: float) -> float:
        return bottom - (bottom - top) * value / up[-1]

    canvas.text(canvas.left, top - 12, "customer value", MUTED)
    for value in up:
        canvas.rule(x0, y(value), x1, y(value))
        canvas.text(x0 - 8, y(value) + 4, f"{value:g}", MUTED, align="right")
    _money_axis(canvas, across, x, bottom)
    labels = _Labels(canvas, (x0, top, x1, bottom))
    for row in rows:
        place = x(row["business_value_cents"] / 100), y(row["customer_value"])
        tip = (
            f"{findings.opportunity_name(row)}, tier {row['tier']}: customer value"
            f" {customer_value(row)}, business value {business_value(row)}"
        )
        canvas.point(*place, tip, color=INK, shape=_SHAPES[shape_of(row)])
        labels.keep(*place)
    for row in rows:
        name = fit(findings.opportunity_name(row), 0.45 * (x1 - x0))
        labels.place(x(row["business_value_cents"] / 100), y(row["customer_value"]), name)
    return canvas.spec(bottom + 48)


def _money_axis(canvas: Canvas, ticks: Sequence[float], x: Axis, bottom: float) -> None:
    """Every tick has a mark, and as many have a label as fit."""
    need = max(text_width(money(100 * value)) for value in ticks) + 16
    gap = x(ticks[1]) - x(ticks[0])
    every = max(1, -int(-need // gap))
    for number, value in enumerate(ticks):
        canvas.rule(x(value), bottom, x(value), bottom + 4)
        if number % every == 0:
            half = text_width(money(100 * value)) / 2
            centre = min(x(value), canvas.right - half)
            canvas.text(centre, bottom + 18, money(100 * value), MUTED, align="center")
    words = "business value, per period of the revenue"
    canvas.text((x(0) + x(ticks[-1])) / 2, bottom + 36, words, MUTED, align="center")


def _axis(values: Sequence[float]) -> list[float]:
    """Round ticks from 0 to beyond the largest value, with room for its label."""
    end = max(1.0, *(1.05 * value for value in values)) if len(values) else 1.0
    size = 10.0 ** math.floor(math.log10(end / 5))
    step = next(size * unit for unit in (1, 2, 5, 10) if end <= 5 * size * unit)
    return [step * number for number in range(math.ceil(end / step - 1e-9) + 1)]


def shape_of(row: Record) -> int:
    """The shape's number: the first two tiers have their own, later ones share one."""
    return min(int(row["tier"]), len(_SHAPES)) - 1


def _tier_name(shape: int) -> str:
    later = shape == len(_SHAPES) - 1
    return f"tier {shape + 1}" + (" and later" if later else "")
