"""Releases and the like: marked beside numbers over time, never called their cause."""

import datetime as dt
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from funnelkit.report.columns_front import ANNOTATION_COLUMNS
from funnelkit.report.model import Annotation, ReportData
from funnelkit.report.views import MOST_PERIODS
from funnelkit.table import Table

NO_CAUSE = (
    "What came after a release may have other reasons; funnelkit shipped compares entry cohorts"
    " before and after."
)
ANNOTATIONS_CAPTION = "What happened when; marked: within the entry weeks of a chart or table"
_WEEK = dt.timedelta(weeks=1)
_NAMES = ("number", "date", "text", "marked")


class Release(NamedTuple):
    """An annotation with the number by which every chart of a report calls it."""

    number: int
    on: str
    text: str

    @property
    def told(self) -> str:
        """`1: 2026-03-15, faster connect`."""
        return f"{self.number}: {self.on}, {self.text}"


class Placed(NamedTuple):
    """A release among periods: `at` counts periods from 0, with the part of one that had passed."""

    release: Release
    at: float


def numbered(annotations: Sequence[Annotation]) -> tuple[Release, ...]:
    """The annotations by day, then text, numbered from 1."""
    by_day = sorted(annotations, key=lambda each: (each.on, each.text))
    return tuple(Release(no, each.on, each.text) for no, each in enumerate(by_day, start=1))


def placed(
    releases: Sequence[Release], starts: Sequence[str], last: dt.timedelta = _WEEK
) -> list[Placed]:
    """The releases within these periods, each of which goes on until the next begins.

    `starts`: the periods' first days, ISO, ascending; `last`: how long the last one goes on.
    """
    days = [dt.date.fromisoformat(start) for start in starts]
    ends = [*days[1:], days[-1] + last] if days else []
    found = []
    for release in releases:
        on = dt.date.fromisoformat(release.on)
        for at, (start, end) in enumerate(zip(days, ends, strict=True)):
            if start <= on < end:
                found.append(Placed(release, at + (on - start) / (end - start)))
    return found


def fitting(
    marks: Sequence[tuple[Release, float]], least: float, most: int
) -> list[tuple[Release, float]]:
    """Of marks and their places those that fit: the latest `most`, each `least` from the next."""
    kept: list[tuple[Release, float]] = []
    for release, x in sorted(marks, key=lambda mark: -mark[0].number):
        if len(kept) < most and all(abs(x - other) >= least for _, other in kept):
            kept.append((release, x))
    return kept[::-1]


def release_numbers(releases: Sequence[Release], starts: Sequence[str]) -> dict[str, str]:
    """What stands behind a week's name where it has releases: ` [1]`, ` [2, 3]`."""
    found: dict[str, list[str]] = {}
    for release, at in placed(releases, starts):
        found.setdefault(starts[int(at)], []).append(str(release.number))
    return {start: f" [{', '.join(numbers)}]" for start, numbers in found.items()}


def notes(releases: Sequence[Release], starts: Sequence[str]) -> tuple[str, ...]:
    """What happened within these periods, all of it, and that it need not be a cause."""
    there = [each.release.told for each in placed(releases, starts)]
    if not there:
        return ()
    return (f"Marked where there is room: {'; '.join(there)}. {NO_CAUSE}",)


def marked(data: ReportData) -> Table:
    """Every annotation with its number, and whether an entry week that is shown has it."""
    releases = numbered(data.annotations)
    within = {each.release.number for starts in _periods(data) for each in placed(releases, starts)}
    rows = tuple(
        (each.number, each.on, each.text, "yes" if each.number in within else "no")
        for each in releases
    )
    return Table(tuple(ANNOTATION_COLUMNS[name] for name in _NAMES), rows)


def _periods(data: ReportData) -> Iterator[list[str]]:
    """The entry weeks of each table over time."""
    tables = [(section.trend, "period") for section in data.sections]
    tables += [(moment.reach, "cohort") for moment in data.aha]
    for table, column in tables:
        if table.rows:
            starts = sorted({str(each) for each in table.column(column) if each is not None})
            starts = starts[-MOST_PERIODS:]
            if starts and ascending(starts):
                yield starts


def ascending(starts: Sequence[str]) -> bool:
    """Whether these are days, each later than the one before."""
    try:
        days = [dt.date.fromisoformat(start) for start in starts]
    except ValueError:
        return False
    return all(one < other for one, other in pairwise(days))


def read_annotations(table: Table) -> tuple[Annotation, ...]:
    """The annotations that `marked` wrote."""
    return tuple(Annotation(str(row["date"]), str(row["text"] or "")) for row in table.records())
