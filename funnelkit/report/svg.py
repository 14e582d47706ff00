"""Vega-Lite to an SVG that can be reviewed: one element a line, two decimals, no stray ids."""

import re
from collections.abc import Iterator, Mapping
from typing import Any
from xml.etree import ElementTree
from xml.sax.saxutils import escape

import vl_convert

from funnelkit.report.model import Figure
from funnelkit.report.theme import DO, FONT_STACK, HATCH, PAPER, dark_rules

_VEGA_LITE = "6.4"
_NUMBER = re.compile(r"-?\d+\.\d+(?:e-?\d+)?|-?\d+(?:e-?\d+)")
_GEOMETRY = {"d", "transform", "x", "y", "x1", "x2", "y1", "y2", "width", "height", "r", "points"}
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


def write_svg(figure: Figure) -> bytes:
    """The chart as a file of its own: light and dark by the viewer's setting."""
    body = svg_lines(figure, figure.spec, figure.name)
    style = f"<style>@media (prefers-color-scheme:dark){{{dark_rules()}}}</style>"
    return ("\n".join([body[0], style, *body[1:]]) + "\n").encode()


def svg_lines(
    figure: Figure, spec: Mapping[str, Any], prefix: str, *, tips: bool = True
) -> list[str]:
    """The chart's elements, one a line, every id beginning with `prefix`.

    The first line is the root with its role; title and description follow it. `tips` keeps the
    native tooltips of the marks.
    """
    raw = vl_convert.vegalite_to_svg(dict(spec), vl_version=_VEGA_LITE)
    root = ElementTree.fromstring(raw)
    width, height = root.get("width", ""), root.get("height", "")
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}"'
        f' viewBox="0 0 {width} {height}" role="img" aria-labelledby="{prefix}-title"'
        f' aria-describedby="{prefix}-desc" fill="none" font-family="{FONT_STACK}">',
        f'<title id="{prefix}-title">{escape(figure.title)}</title>',
        f'<desc id="{prefix}-desc">{escape(figure.alt)}</desc>',
    ]
    _rename_ids(root, prefix)
    for node in root.iter() if not tips else ():
        node.attrib.pop("aria-label", None)
    drawn = [line for child in root for line in _element(child)]
    if any(HATCH in line for line in drawn):
        lines += _hatch(prefix)
        drawn = [line.replace(f'"{HATCH}"', f'"url(#{prefix}-hatch)"') for line in drawn]
    return [*lines, *drawn, "</svg>"]


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


def _element(node: ElementTree.Element) -> Iterator[str]:
    tag = node.tag.rpartition("}")[2]
    if node.get("display") == "none" or node.get("class") == "background":
        return
    children = [line for child in node for line in _element(child)]
    text = escape(node.text or "")
    attributes = _attributes(node)
    if tag == "g" and not attributes:
        yield from children
        return
    if tag == "g" and not children:
        return
    tip = node.get("aria-label")
    if tip and tag != "g":
        text = f"<title>{escape(tip)}</title>"
    start = f"<{tag}{attributes}"
    if children:
        yield start + ">"
        yield from children
        yield f"</{tag}>"
    else:
        yield f"{start}>{text}</{tag}>" if text else f"{start}/>"


def _attributes(node: ElementTree.Element) -> str:
    kept = {}
    for name, value in node.attrib.items():
        key = name.rpartition("}")[2]
        if key in _DROPPED or (key, value) in _DEFAULTS:
            continue
        kept[key] = _value(key, value)
    rank = {name: number for number, name in enumerate(_ORDER)}
    names = sorted(kept, key=lambda name: (rank.get(name, len(rank)), name))
    quoted = ((name, escape(kept[name], {'"': "&quot;"})) for name in names)
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
