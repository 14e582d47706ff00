"""Who answers beside everybody, and what texts mention."""

from collections.abc import Mapping
from typing import Any

from funnelkit.report.charts_bars import Bar, Part, draw_bars
from funnelkit.report.charts_points import Difference, draw_differences
from funnelkit.report.drawing import Canvas
from funnelkit.report.findings import Record, count
from funnelkit.report.findings_aha import difference
from funnelkit.report.findings_voice import (
    BAND,
    bias_rows,
    bias_subtitle,
    bias_title,
    flagged,
    is_told_apart,
    theme_rows,
    themes_subtitle,
    themes_title,
)
from funnelkit.report.model import SaySection
from funnelkit.report.theme import GHOST, SAY
from funnelkit.stats.bias import MARGIN

_MOST_FEATURES = 20


def draw_bias(section: SaySection, width: int) -> Mapping[str, Any]:
    """A point per feature, hollow where there are too few to tell; the band is shaded."""
    canvas = Canvas(width)
    canvas.heading(bias_title(section), bias_subtitle())
    rows = bias_rows(section)[:_MOST_FEATURES]
    legend = [("ghost", BAND)]
    if any(map(is_told_apart, rows)):
        legend.append(("point", "like everybody, or not"))
    if not all(map(is_told_apart, rows)):
        legend.append(("hollow", "too few to tell"))
    canvas.legend(legend)
    return draw_differences(canvas, [_bias(row) for row in rows], MARGIN)


def _bias(row: Record) -> Difference:
    ends = row["do_bias"], row["do_bias_lo"], row["do_bias_hi"]
    size = "" if row["n"] is None else f", n = {count(row['n'])}"
    return Difference(
        f"{row['feature']}{size}", difference(*ends), *ends, hollow=not is_told_apart(row)
    )


def draw_themes(section: SaySection, width: int) -> Mapping[str, Any]:
    """A bar of mentions per theme; over it what is flagged negative, where that may be told."""
    canvas = Canvas(width)
    canvas.heading(themes_title(section), themes_subtitle(section))
    rows = theme_rows(section)
    legend = [("ghost", "mentions")]
    if any(map(flagged, rows)):
        legend.append(("say", "flagged negative"))
    canvas.legend(legend)
    return canvas.spec(draw_bars(canvas, [_theme(row) for row in rows], canvas.y + 6))


def _theme(row: Record) -> Bar:
    mentions, negative = count(row["mentions"]), flagged(row)
    parts = [Part(row["mentions"], GHOST, f"{row['theme']}: {mentions} mentions")]
    if negative:
        tip = f"{row['theme']}: {negative} flagged negative"
        parts.append(Part(row["negative"], SAY, tip))
    told = f"{mentions} · {negative} flagged" if negative else mentions
    return Bar(str(row["theme"]), told, tuple(parts))
