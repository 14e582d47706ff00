"""A canvas in pixels that becomes an Altair chart.

Layout is fixed here (no automatic sizes, no axes that measure text), so that a chart's bytes do not
depend on the fonts of the machine, and one changed count moves one mark.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any, cast

import altair as alt
from altair.utils import schemapi

from funnelkit.report.theme import (
    DO,
    FONT,
    GHOST,
    GRID,
    HATCH,
    INK,
    MUTED,
    PAPER,
    SAY,
    TEXT,
    TITLE,
    text_width,
    wrap,
)

LEFT = 16
RIGHT = 16
Item = dict[str, Any]
Key = tuple[Any, ...]
Layer = tuple[Key, list[Item]]


class Canvas:
    """Marks on four planes: rules, then shapes, then points and whiskers, then text.

    Marks of one kind and style on a plane share a layer where their order allows it. Coordinates
    are CSS pixels from the top left; `tip` is a mark's native tooltip.
    """

    def __init__(self, width: int) -> None:
        self.width = width
        self.y = 0.0
        self.head = 0.0
        self._rules: list[Item] = []
        self._shapes: list[Layer] = []
        self._marks: list[Item] = []
        self._texts: dict[Key, list[Item]] = {}

    @property
    def left(self) -> float:
        """Where text and bars begin."""
        return LEFT

    @property
    def right(self) -> float:
        """Where text and bars end."""
        return self.width - RIGHT

    def _add(self, key: Key, *items: Item) -> None:
        if not self._shapes or self._shapes[-1][0] != key:
            self._shapes.append((key, []))
        self._shapes[-1][1].extend(items)

    def rect(self, x0: float, x1: float, y0: float, y1: float, fill: str, tip: str = "") -> None:
        """A filled box; nothing when it has no width."""
        if x1 > x0:
            box = {"x": x0, "x2": x1, "y": y0, "y2": y1, "fill": fill, "tip": tip}
            self._add(("rect",), box)

    def rule(self, x0: float, y0: float, x1: float, y1: float, color: str = GRID) -> None:
        """A thin straight line, below everything else."""
        self._rules.append({"x": x0, "y": y0, "x2": x1, "y2": y1, "color": color})

    def text(
        self,
        x: float,
        y: float,
        text: str,
        color: str = INK,
        *,
        size: int = TEXT,
        bold: bool = False,
        align: str = "left",
    ) -> None:
        """One line of text; `y` is its baseline."""
        item = {"x": x, "y": y, "text": text, "color": color, "size": size}
        self._texts.setdefault(("text", bold, align), []).append(item)

    def point(
        self,
        x: float,
        y: float,
        tip: str = "",
        *,
        hollow: bool = False,
        color: str = DO,
        shape: str = "circle",
    ) -> None:
        """A point; hollow where the number is not final."""
        self._mark(x, y, shape, 56, color, 2, PAPER if hollow else color, tip)

    def _mark(
        self, x: float, y: float, shape: str, size: float, stroke: str, width: float, *more: str
    ) -> None:
        fill, tip = more
        item = {"x": x, "y": y, "shape": shape, "size": size, "stroke": stroke, "width": width}
        self._marks.append(item | {"fill": fill, "tip": tip})

    def cell(self, x0: float, x1: float, y0: float, y1: float, fill: str, shade: float) -> None:
        """A box of a heat map; `shade` from 0 (paper) to 1."""
        box = {"x": x0, "x2": x1, "y": y0, "y2": y1, "fill": fill}
        self._add(("cell", shade), box)

    def frame(self, x0: float, x1: float, y0: float, y1: float) -> None:
        """An outline around what is chosen."""
        self._add(("frame",), {"x": x0, "x2": x1, "y": y0, "y2": y1})

    def line(
        self,
        points: Sequence[tuple[float, float]],
        *,
        dashed: bool = False,
        width: float = 2.0,
        color: str = DO,
    ) -> None:
        """A line through the points; nothing below two."""
        if len(points) > 1:
            key = ("line", dashed, width, color, len(self._shapes))
            self._add(key, *({"x": x, "y": y} for x, y in points))

    def band(
        self,
        points: Sequence[tuple[float, float, float]],
        *,
        pale: bool = False,
        color: str = DO,
    ) -> None:
        """The area between two lines; points are (x, y of the low, y of the high bound)."""
        if len(points) > 1:
            key = ("band", pale, color, len(self._shapes))
            self._add(key, *({"x": x, "y": lo, "y2": hi} for x, lo, hi in points))

    def whisker(
        self,
        x0: float,
        x1: float,
        x: float,
        y: float,
        half: float = 6,
        *,
        on_paper: bool = False,
    ) -> None:
        """A horizontal interval with a centre tick, readable on any fill."""
        lo, hi, tick = x0 - x, x1 - x, half * 0.6
        path = f"M{lo:.1f},0L{hi:.1f},0"
        if hi - lo >= 18:  # a tick between closer ends reads as a third end
            path += f"M0,{-tick:.1f}L0,{tick:.1f}"
        path += "".join(f"M{end:.1f},{-half}L{end:.1f},{half}" for end in (lo, hi))
        # A shape's own coordinates are scaled by half the root of its size: 4 keeps pixels.
        for color, width in ((PAPER, 4.5), (INK, 1.5))[on_paper:]:
            self._mark(x, y, path, 4, color, width, "transparent", "")

    def heading(self, title: str, subtitle: str) -> None:
        """The finding and, below it, the method; moves `y` below both.

        A page that says both itself shows the chart without its `head`.
        """
        space = self.right - self.left
        self.y = 8
        for line in wrap(title, space, TITLE, bold=True):
            self.y += 20
            self.text(self.left, self.y, line, size=TITLE, bold=True)
        self.y += 4
        for line in wrap(subtitle, space):
            self.y += 16
            self.text(self.left, self.y, line, MUTED)
        self.head = self.y + 4
        self.y += 8

    def legend(self, items: Sequence[tuple[str, str]]) -> None:
        """Swatch (`bar`, `hatch`, `ghost`, `whisker`, `dot`, …) and label, wrapped."""
        x, self.y = self.left, self.y + 16
        for kind, label in items:
            need = 28 + text_width(label) + 18
            if x > self.left and x + need - 18 > self.right:
                x, self.y = self.left, self.y + 20
            self._swatch(kind, x, self.y - 4)
            self.text(x + 28, self.y, label, MUTED)
            x += need
        self.y += 10

    def _swatch(self, kind: str, x: float, y: float) -> None:
        if kind == "whisker":
            self.whisker(x + 1, x + 21, x + 11, y, 5)
        elif kind in ("dot", "ring"):
            self.line([(x, y), (x + 22, y)], dashed=kind == "ring")
            self.point(x + 11, y, hollow=kind == "ring")
        elif kind == "square":
            self.line([(x, y), (x + 22, y)], color=MUTED)
            self.point(x + 11, y, color=MUTED, shape="square")
        elif kind == "diamond":
            self.point(x + 11, y, color=SAY, shape=kind)
        elif kind in ("circle", "triangle-up", "cross"):
            self.point(x + 11, y, color=INK, shape=kind)
        elif kind in ("point", "hollow"):
            self.point(x + 11, y, hollow=kind == "hollow")
        elif kind == "band":
            self.band([(x, y + 6, y - 6), (x + 22, y + 6, y - 6)])
        elif kind == "frame":
            self.frame(x + 1, x + 21, y - 6, y + 6)
        else:
            fill = {"bar": DO, "say": SAY, "hatch": HATCH, "ghost": GHOST, "muted": MUTED}[kind]
            self.rect(x, x + 22, y - 6, y + 6, fill)

    def spec(self, height: float) -> Mapping[str, Any]:
        """The Vega-Lite specification; `height` in pixels.

        It begins below the heading, which stands at negative heights: a title that takes one line
        more moves nothing else, and a page that says it cuts nothing off.
        """
        head = round(self.head)
        groups: list[Layer] = [(("rule",), self._rules), *self._shapes, (("mark",), self._marks)]
        groups = [group for group in [*groups, *self._texts.items()] if group[1]]
        return _whole() | {
            "width": self.width,
            "height": round(height) - head,
            "usermeta": {"head": head},
            "layer": [_layer(key, [_below(head, item) for item in items]) for key, items in groups],
        }


# Altair makes the layers, once for each style and without its validation, which a test does: for
# each chart anew it would take most of the time of a report.


@cache
def _whole() -> Item:
    with schemapi.debug_mode(False):
        chart = (
            alt.LayerChart(padding=0, autosize=alt.AutoSizeParams(type="none"))
            .configure(font=FONT, background=PAPER)
            .configure_view(stroke=None)
        )
        return cast(Item, chart.to_dict(validate=False))


def _below(head: int, item: Item) -> Item:
    return {name: value - head if name in ("y", "y2") else value for name, value in item.items()}


def _layer(key: Key, items: list[Item]) -> Item:
    # A tenth of a pixel is finer than anybody sees; finer coordinates would make longer diffs. A
    # line has all of its points in one path, which whole pixels leave alone more often.
    joined = key[0] in ("line", "band")
    digits = 0 if joined else 1
    values = [
        {k: round(v, digits) if isinstance(v, float) else v for k, v in item.items()}
        for item in items
    ]
    # What comes last of a line's key only keeps it apart from the next line.
    return _style(key[:-1] if joined else key) | {"data": {"values": values}}


@cache
def _style(key: Key) -> Item:
    """A layer of this style, without its data."""
    with schemapi.debug_mode(False):
        layer = cast(Item, _styled(key).to_dict(validate=False))
    return {name: layer[name] for name in ("mark", "encoding")}


def _styled(key: Key) -> Any:
    chart: Any = alt.Chart()
    tip = {"description": alt.Description("tip:N")}
    place = {"x": alt.X("x:Q", scale=None, axis=None), "y": alt.Y("y:Q", scale=None, axis=None)}
    match key:
        case ("rect",):
            fill = alt.Fill("fill:N", scale=None)
            marked = chart.mark_rect()
            return marked.encode(**place, x2=alt.X2("x2:Q"), y2=alt.Y2("y2:Q"), fill=fill, **tip)
        case ("rule",):
            color = alt.Color("color:N", scale=None)
            marked = chart.mark_rule(aria=False, strokeWidth=1)
            return marked.encode(**place, x2=alt.X2("x2:Q"), y2=alt.Y2("y2:Q"), color=color)
        case ("text", bold, align):
            marked = chart.mark_text(
                aria=False,
                align=align,
                baseline="alphabetic",
                fontWeight="bold" if bold else "normal",
            )
            color = alt.Color("color:N", scale=None)
            size = alt.Size("size:Q", scale=None)
            return marked.encode(**place, text=alt.Text("text:N"), color=color, size=size)
        case ("mark",):
            unscaled: dict[str, Any] = {
                "shape": alt.Shape("shape:N", scale=None),
                "size": alt.Size("size:Q", scale=None),
                "fill": alt.Fill("fill:N", scale=None),
                "stroke": alt.Stroke("stroke:N", scale=None),
                "strokeWidth": alt.StrokeWidth("width:Q", scale=None),
            }
            return chart.mark_point(opacity=1).encode(**place, **unscaled, **tip)
        case ("cell", shade):
            marked = chart.mark_rect(aria=False, fillOpacity=shade)
            fill = alt.Fill("fill:N", scale=None)
            return marked.encode(**place, x2=alt.X2("x2:Q"), y2=alt.Y2("y2:Q"), fill=fill)
        case ("frame",):
            marked = chart.mark_rect(aria=False, filled=False, stroke=INK, strokeWidth=2.5)
            return marked.encode(**place, x2=alt.X2("x2:Q"), y2=alt.Y2("y2:Q"))
        case ("line", dashed, width, color):
            dash = [5, 4] if dashed else [1, 0]
            marked = chart.mark_line(aria=False, color=color, strokeWidth=width, strokeDash=dash)
            return marked.encode(**place)
        case ("band", pale, color):
            opacity = 0.1 if pale else 0.2
            marked = chart.mark_area(aria=False, color=color, opacity=opacity)
            return marked.encode(**place, y2=alt.Y2("y2:Q"))
    raise AssertionError(key)


def label_share(share: float) -> str:
    """An axis label: `25 %`."""
    return f"{100 * share:.0f} %"


def share_grid_x(canvas: Canvas, x0: float, x1: float, y0: float, y1: float) -> None:
    """Grid of a rate on the x axis behind one bar, always 0 to 100 %; text is never crossed."""
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        x = x0 + share * (x1 - x0)
        canvas.rule(x, y0, x, y1)


def share_labels_x(canvas: Canvas, x0: float, x1: float, y: float) -> None:
    """Labels of a rate's axis below the bars."""
    for share, align in ((0.0, "left"), (0.5, "center"), (1.0, "right")):
        canvas.text(x0 + share * (x1 - x0), y, label_share(share), MUTED, align=align)


def share_axis_y(canvas: Canvas, x0: float, x1: float, y0: float, y1: float) -> None:
    """Grid and labels of a rate on the y axis, always 0 to 100 % (`y0` is the top)."""
    for share in (0.0, 0.25, 0.5, 0.75, 1.0):
        y = y1 - share * (y1 - y0)
        canvas.rule(x0, y, x1, y)
        canvas.text(x0 - 8, y + 4, label_share(share), MUTED, align="right")
