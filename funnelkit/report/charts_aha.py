"""Reach by entry week and the time to an aha moment."""

from collections.abc import Mapping, Sequence
from typing import Any

from funnelkit.report.annotations import Release
from funnelkit.report.charts_rates import Dot, draw_curve, draw_periods
from funnelkit.report.drawing import Canvas
from funnelkit.report.findings import Record, count, interval, records
from funnelkit.report.findings_aha import (
    aha_times_subtitle,
    aha_times_title,
    cohort_rows,
    reach_marks,
    reach_subtitle,
    reach_title,
)
from funnelkit.report.model import AhaSection
from funnelkit.report.views import MOST_PERIODS
from funnelkit.table import percent


def draw_reach(
    section: AhaSection, width: int, releases: Sequence[Release] = ()
) -> Mapping[str, Any]:
    """Filled points and ribbon for final entry weeks, hollow and dashed for provisional ones.

    None where nobody is mature: what was reached so far is no reach.
    """
    canvas = Canvas(width)
    canvas.heading(reach_title(section), reach_subtitle(section))
    rows = cohort_rows(section.reach)[-MOST_PERIODS:]
    return draw_periods(canvas, [_dot(row) for row in rows], "final week", releases)


def _dot(row: Record) -> Dot:
    share = row["reach"]
    return Dot(
        name=str(row["cohort"]),
        share=share,
        lo=row["reach_lo"],
        hi=row["reach_hi"],
        is_final=row["state"] == "final",
        is_joined=share is not None,
        tip="" if share is None else _tip(row, share),
    )


def _tip(row: Record, share: float) -> str:
    band = interval(row["reach_lo"], row["reach_hi"])
    return f"{row['cohort']}: {percent(share)} ({band}), n = {count(row['matured'])}"


def draw_aha_times(section: AhaSection, width: int) -> Mapping[str, Any]:
    """The curve with its band; median and quartiles of all entrants, as far as it gets."""
    canvas = Canvas(width)
    canvas.heading(aha_times_title(section), aha_times_subtitle(section))
    rows, marks = records(section.times), reach_marks(section)
    return draw_curve(canvas, rows, "reached_share", marks, f"of all {section.entities}")
