"""Releases and the like beside a trend: what happened in its periods, never called a cause."""

import calendar
import datetime as dt
from collections.abc import Mapping

from funnelkit.report.annotations import NO_CAUSE, numbered, placed
from funnelkit.report.model import Annotation
from funnelkit.results.notes import noted
from funnelkit.results.view import Grain
from funnelkit.table import Table

_WEEK = 7


def with_releases(table: Table, happened: Mapping[str, str], grain: Grain) -> Table:
    """A trend with what happened in its periods in its notes; `happened`: text by day, ISO."""
    releases = numbered([Annotation(str(on), text) for on, text in happened.items()])
    starts = sorted({str(start) for start in table.column("period") if start is not None})
    if not starts:
        return table
    there = placed(releases, starts, _length(dt.date.fromisoformat(starts[-1]), grain))
    if not there:
        return table
    told = "; ".join(f"{each.release.on}, {each.release.text}" for each in there)
    return noted(table, f"Happened meanwhile: {told}. {NO_CAUSE}")


def _length(start: dt.date, grain: Grain) -> dt.timedelta:
    """How long the period goes on that begins on this day."""
    month = calendar.monthrange(start.year, start.month)[1]
    return dt.timedelta(days={"day": 1, "week": _WEEK, "month": month}[grain])
