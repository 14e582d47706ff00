"""Vega-Lite to an SVG that can be reviewed: one element a line, two decimals, no stray ids."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import groupby
from typing import Any, NamedTuple
from xml.etree import ElementTree
from xml.sax.saxutils import escape

import vl_convert

from funnelkit.report.model import Figure
from funnelkit.report.theme import DO, FONT_STACK, HATCH, PAPER, dark_rules

_VEGA_LITE = "6.4"
_TEXT = "{http://www.w3.org/2000/svg}text"
_RECT = "{http://www.w3.org/2000/svg}rect"
_NUMBER = re.compile(r"-?\d+\.\d+(?:e-?\d+)?|-?\d+(?:e-?\d+)")
_GEOMETRY = {"d", "transform", "x", "y", "x1", "x2", "y1", "y2", "width", "height", "r", "points"}
_PLACE = re.compile(r"translate\(([-\d.e]+),([-\d.e]+)\)")
_CIRCLE = re.compile(r"M([\d.]+),0A[-\d.,A]+")
# Marks that follow each other in one style share it: a page is much smaller. Shorter runs stay
# apart, and so does what is seen through: a group is seen through as a whole.
_SHORTEST_RUN = 4
_STYLE = {
    "text-anchor",
    "font-size",
    "font-weight",
    "fill",
    "opacity",
    "fill-opacity",
    "stroke",
    "stroke-width",
    "stroke-dasharray",
}
# What Vega writes for scripts and screen readers: the root has role="img", so nothing below it is
# read out, and the font stands on the root.
_DROPPED = {"class", "role", "aria-roledescription", "aria-hidden", "aria-label", "font-family"}
_ORDER = (
    "id",
    "text-anchor",
    "transform",
    "d",
    "x",
    "y",
    "x2",
    "y2",
    "cx",
    "cy",
    "r",
    "width",
    "height",
    "font-size",
    "font-weight",
    "fill",
    "fill-opacity",
    "stroke",
    "stroke-width",
    "stroke-dasharray",
)


def write_svg(figure: Figure, spec: Mapping[str, Any]) -> bytes:
    """The chart as a file of its own: light and dark by the viewer's setting."""
    root = _root(spec)
    head = _headed(root, spec)
    prefix, (width, height) = figure.name, _size(root)
    style = f"<style>@media (prefers-color-scheme:dark){{{dark_rules()}}}</style>"
    opening = (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}"'
        f' viewBox="0 {-head} {width} {height}"{_words(prefix)} fill="none"'
        f' font-family="{FONT_STACK}">'
    )
    lines = [opening, style, *_title(figure), *_body(root, prefix), "</svg>"]
    return ("\n".join(lines) + "\n").encode()


def svg_lines(
    figure: Figure, spec: Mapping[str, Any], prefix: str, *, again: bool = False
) -> list[str]:
    """The chart in a page, one element a line, every id beginning with `prefix`.

    The page has the chart's title and method above it, under the ids that name and describe the
    chart here, so this part of the drawing is left out. A chart that is there `again`, for another
    width, has no tooltips.
    """
    root = _root(spec)
    _behead(root)
    for node in root.iter() if again else ():
        node.attrib.pop("aria-label", None)
    width, height = _size(root)
    size = f'width="{width}" height="{height}"'
    box = f'viewBox="0 0 {width} {height}"'
    return [f"<svg {size} {box}{_words(figure.name)}>", *_body(root, prefix), "</svg>"]


def _root(spec: Mapping[str, Any]) -> ElementTree.Element:
    """The chart as Vega draws it.

    Texts are put in afterwards: vl-convert measures each with the fonts of the machine, in
    milliseconds, for bounds that nothing asks for where all has its place.
    """
    texts: list[str] = []
    bare = dict(spec) | {"layer": [_without_texts(layer, texts) for layer in spec["layer"]]}
    root = ElementTree.fromstring(_drawn(json.dumps(bare)))
    for node, text in zip(root.iter(_TEXT), texts, strict=True):
        node.text = text.strip()
    return root


def _without_texts(layer: Mapping[str, Any], texts: list[str]) -> Mapping[str, Any]:
    if layer["mark"]["type"] != "text":
        return layer
    values = layer["data"]["values"]
    texts += (item["text"] for item in values)
    return {**layer, "data": {"values": [item | {"text": ""} for item in values]}}


@lru_cache(maxsize=64)  # a page and the files beside it draw the same charts
def _drawn(spec: str) -> str:
    return vl_convert.vegalite_to_svg(spec, vl_version=_VEGA_LITE)


def _size(root: ElementTree.Element) -> tuple[str, str]:
    return root.get("width", ""), root.get("height", "")


def _words(prefix: str) -> str:
    return f' role="img" aria-labelledby="{prefix}-title" aria-describedby="{prefix}-desc"'


def _title(figure: Figure) -> list[str]:
    return [
        f'<title id="{figure.name}-title">{escape(figure.title)}</title>',
        f'<desc id="{figure.name}-desc">{escape(figure.alt)}</desc>',
    ]


def _headed(root: ElementTree.Element, spec: Mapping[str, Any]) -> int:
    """Makes room for what stands above the drawing, and paper below it; how much."""
    head = int(spec.get("usermeta", {}).get("head", 0))
    height = str(int(root.get("height", "0")) + head)
    root.set("height", height)
    for paper in root.findall(_RECT):
        paper.attrib |= {"y": str(-head), "height": height}
    return head


def _behead(root: ElementTree.Element) -> None:
    """Takes out the paper and every text above the drawing."""
    for parent in list(root.iter()):
        for node in list(parent):
            tag = node.tag.rpartition("}")[2]
            place = _PLACE.fullmatch(node.get("transform", ""))
            above = tag == "text" and place is not None and float(place[2]) < 0
            if above or (tag == "rect" and parent is root):
                parent.remove(node)


def _body(root: ElementTree.Element, prefix: str) -> list[str]:
    _rename_ids(root, prefix)
    drawn = list(_lines(root))
    if not any(HATCH in line for line in drawn):
        return drawn
    drawn = [line.replace(f'"{HATCH}"', f'"url(#{prefix}-hatch)"') for line in drawn]
    return [*_hatch(prefix), *drawn]


def _rename_ids(root: ElementTree.Element, prefix: str) -> None:
    """Clips and gradients by their place in the chart; vl-convert counts them over the process."""
    ids = [node.get("id", "") for node in root.iter() if node.get("id")]
    names = {name: f"{prefix}-{number}" for number, name in enumerate(ids, start=1)}
    for node in root.iter():
        for key, value in node.attrib.items():
            if key == "id":
                node.set(key, names[value])
            elif "url(#" in value:
                named = re.sub(r"url\(#([^)]+)\)", lambda m: f"url(#{names[m[1]]})", value)
                node.set(key, named)


def _hatch(prefix: str) -> list[str]:
    return [
        f'<pattern id="{prefix}-hatch" width="6" height="6" patternUnits="userSpaceOnUse"'
        ' patternTransform="rotate(45)">',
        f'<rect width="6" height="6" fill="{PAPER}"/>',
        f'<rect width="2.5" height="6" fill="{DO}"/>',
        "</pattern>",
    ]


class _Mark(NamedTuple):
    """An element without children: what places it, how it looks, what stands in it."""

    tag: str
    place: str
    style: str
    text: str

    def line(self, style: str) -> str:
        """The element under this style, its text or tooltip on the same line."""
        start = f"<{self.tag}{self.place}{style}"
        return f"{start}>{self.text}</{self.tag}>" if self.text else f"{start}/>"


def _lines(nodes: Iterable[ElementTree.Element]) -> Iterator[str]:
    """Siblings, one element a line; a run of marks of one style stands in a group that has it."""
    pieces = [piece for node in nodes for piece in _pieces(node)]
    for style, run in groupby(pieces, lambda each: each.style if isinstance(each, _Mark) else None):
        found = list(run)
        shared = style if len(found) >= _SHORTEST_RUN and " opacity=" not in (style or "") else ""
        if shared:
            yield f"<g{shared}>"
        for each in found:
            yield each.line("" if shared else each.style) if isinstance(each, _Mark) else each
        if shared:
            yield "</g>"


def _pieces(node: ElementTree.Element) -> Iterator[_Mark | str]:
    """The marks of an element and, where they are in one that has attributes, its own lines."""
    tag = node.tag.rpartition("}")[2]
    if node.get("display") == "none" or node.get("class") == "background":
        return
    attributes = _attributes(node)
    if tag == "g" and not attributes:
        for child in node:
            yield from _pieces(child)
    elif len(node):
        yield f"<{tag}{_written(attributes)}>"
        yield from _lines(node)
        yield f"</{tag}>"
    elif tag != "g":
        yield _mark(tag, attributes, node)


def _mark(tag: str, attributes: Mapping[str, str], node: ElementTree.Element) -> _Mark:
    tip = node.get("aria-label")
    text = f"<title>{escape(tip)}</title>" if tip else escape(node.text or "")
    tag, attributes = _shorter(tag, attributes)
    style = {name: value for name, value in attributes.items() if name in _STYLE}
    place = {name: value for name, value in attributes.items() if name not in _STYLE}
    return _Mark(tag, _written(place), _written(style), text)


def _shorter(tag: str, attributes: Mapping[str, str]) -> tuple[str, dict[str, str]]:
    """The same mark in fewer bytes: Vega writes circles as paths and moves every mark by itself."""
    made = dict(attributes)
    place = _PLACE.fullmatch(made.get("transform", ""))
    circle = _CIRCLE.fullmatch(made.get("d", ""))
    if place and tag == "text":
        del made["transform"]
        return tag, {"x": place[1], "y": place[2], **made}
    if place and tag == "line":
        way = f"M{place[1]},{place[2]}l{made.get('x2', '0')},{made.get('y2', '0')}"
        kept = {name: made[name] for name in made if name not in ("transform", "x2", "y2")}
        return "path", {"d": _straight(way), **kept}
    if place and circle:
        kept = {name: made[name] for name in made if name not in ("transform", "d")}
        return "circle", {"cx": place[1], "cy": place[2], "r": circle[1], **kept}
    return tag, made


def _straight(way: str) -> str:
    return re.sub(r"l0,(.+)$", r"v\1", re.sub(r"l(.+),0$", r"h\1", way))


def _attributes(node: ElementTree.Element) -> dict[str, str]:
    kept = {}
    for name, value in node.attrib.items():
        key = name.rpartition("}")[2]
        if key in _DROPPED or (key, value) in _DEFAULTS:
            continue
        kept[key] = _value(key, value)
    return kept


def _written(attributes: Mapping[str, str]) -> str:
    rank = {name: number for number, name in enumerate(_ORDER)}
    names = sorted(attributes, key=lambda name: (rank.get(name, len(rank)), name))
    quoted = ((name, escape(attributes[name], {'"': "&quot;"})) for name in names)
    return "".join(f' {name}="{value}"' for name, value in quoted)


_DEFAULTS = {
    ("transform", "translate(0,0)"),
    ("text-anchor", "start"),
    ("fill", "none"),
    ("fill", "transparent"),
    ("font-weight", "normal"),
    ("stroke-miterlimit", "10"),
    ("opacity", "1"),
    ("stroke-opacity", "1"),
    ("fill-opacity", "1"),
    ("stroke-dasharray", "1,0"),
}


def _value(key: str, value: str) -> str:
    if key in _GEOMETRY:
        return _NUMBER.sub(_two_decimals, value)
    return value.replace(" ", "") if key == "stroke-dasharray" else value.removesuffix("px")


def _two_decimals(match: re.Match[str]) -> str:
    number = f"{float(match[0]):.2f}".rstrip("0").rstrip(".")
    return "0" if number == "-0" else number
