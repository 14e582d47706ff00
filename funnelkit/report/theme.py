"""Colours, sizes and text widths: what every chart and page of a report shares."""

import re
from typing import Final

DO: Final = "#0072B2"
SAY: Final = "#D55E00"
INK: Final = "#1f2328"
MUTED: Final = "#59636e"
GHOST: Final = "#e4e8ec"
GRID: Final = "#d1d9e0"
PAPER: Final = "#ffffff"
# Drawn as a fill that no reader sees: svg.py puts the chart's own hatch pattern in its place.
HATCH: Final = "#0172b3"

# Light → dark. The SVGs carry the light values; a style sheet selects on them.
DARK: Final = {
    DO: "#56B4E9",
    SAY: "#F0883E",
    INK: "#e6edf3",
    MUTED: "#9198a1",
    GHOST: "#2a313c",
    GRID: "#30363d",
    PAPER: "#0d1117",
}

FONT: Final = "Liberation Sans"
FONT_STACK: Final = "'Liberation Sans',Arial,Helvetica,sans-serif"
TEXT: Final = 12
TITLE: Final = 16
# The page's column and a small screen, each with 16 pixels of padding on both sides.
WIDE: Final = 752
NARROW: Final = 360

# Widths in thousandths of the font size (the published metrics of Helvetica, which Liberation
# Sans and Arial share). Lines are broken by these, never by the fonts of the machine.
_WIDTHS: Final = {
    222: "ijl'",
    278: "fIt./,:;!|[]\\ \u00a0",
    333: "r()-`·",
    500: "cksvxyzJ",
    556: "abdeghnopqu0123456789L?_$#–",
    584: "+<>=~−",
    611: "FTZ",
    667: "ABEKPSVXY&",
    722: "CDHNRUw",
    778: "GOQ",
    833: "mM",
    889: "%",
    944: "W",
}
_UNIT: Final = re.compile(r"(?<=\d) (?=(?:%|pp|d|h|min|s)(?![A-Za-z]))")
_WIDTH: Final = {char: width for width, chars in _WIDTHS.items() for char in chars}


def text_width(text: str, size: float = TEXT, *, bold: bool = False) -> float:
    """Width of a line in pixels; unknown characters count as a full em."""
    thousandths = sum(_WIDTH.get(char, 1000) for char in text)
    return thousandths * size / 1000 * (1.12 if bold else 1.0)


def glued(text: str) -> str:
    """The text with no line break between a number and its unit, or the sign before it."""
    return _UNIT.sub("\u00a0", text).replace("n = ", "n\u00a0=\u00a0").replace("≈ ", "≈\u00a0")


def wrap(text: str, width: float, size: float = TEXT, *, bold: bool = False) -> list[str]:
    """The text in lines of at most `width` pixels; a longer word is cut with an ellipsis."""
    lines: list[str] = []
    for word in glued(text).split(" "):
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and text_width(longer, size, bold=bold) <= width:
            lines[-1] = longer
        else:
            lines.append(fit(word, width, size, bold=bold))
    return lines


def fit(text: str, width: float, size: float = TEXT, *, bold: bool = False) -> str:
    """The text, cut with an ellipsis where it would be wider than `width` pixels."""
    if text_width(text, size, bold=bold) <= width:
        return text
    kept = text
    while kept and text_width(kept + "…", size, bold=bold) > width:
        kept = kept[:-1]
    return kept.rstrip() + "…"


def dark_rules(scope: str = "") -> str:
    """CSS that turns the palette's light values dark, by attribute selectors on the hex values."""
    rules = []
    for light, dark in DARK.items():
        for attribute in ("fill", "stroke"):
            rules.append(f'{scope}[{attribute}="{light}"]{{{attribute}:{dark}}}')
    return "".join(rules)
