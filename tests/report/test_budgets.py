"""Budgets of a report: the size of a page, its charts, and what one changed row does to the files.

A code host folds away a file's diff over 400 lines or 20 KB, and a page is read on a phone.
"""

import csv
import io
import re
from dataclasses import replace
from pathlib import Path

import pytest

from funnelkit.report.build import full_diff, read, render, report
from funnelkit.report.csvs import data_tables
from funnelkit.report.model import ReportData
from funnelkit.stats.funnels import step_rows
from tests.report.data import CHANNELS, counts, inputs, report_data, section, weeks
from tests.report.data_aha import aha_section, cohorts, reach, search_section
from tests.report.data_say import gap_row, say_section, table

REPORTS = Path(__file__).resolve().parents[2] / "reports"
SLUGS = sorted(page.parent.name for page in REPORTS.glob("*/report.html"))
PAGE, CHARTS, DRAWING = 150_000, 8, 20_000
DIFF_LINES, DIFF_BYTES = 40, 8_000
# Numbers that say which row it is; they do not move by one.
KEYS = {"step", "at_least", "within_days", "week", "used_days", "tier", "rank_lo", "rank_hi"}
KEYS |= {"entered", "entrants", "matured"}  # nor of how many it is


def drawn(files):
    """How many charts a page draws; a second drawing for phones is the same chart."""
    return len(re.findall(rb'<div class="(?:wide|both)">', files["report.html"]))


@pytest.mark.parametrize("slug", SLUGS)
def test_a_committed_page_is_within_its_budgets(slug):
    files = read(REPORTS / slug)
    assert len(files["report.html"]) <= PAGE
    charts = [name for name in files if name.endswith(".svg")]
    assert 1 <= drawn(files) == len(charts) <= CHARTS
    assert max(len(files[name]) for name in charts) <= DRAWING


def largest():
    """Two years of three funnels, two aha moments, a search and sixty features with long names."""
    long = "a value with a rather long name, number {}"
    groups = list(CHANNELS.values())
    rows = [
        row
        for number in range(16)
        for row in counts(groups[number % 4], "channel", long.format(number))
    ]
    funnels = tuple(
        section(name=f"funnel {n}", trend=weeks(104), breakdowns={"channel": step_rows(rows)})
        for n in range(3)
    )
    told, times = reach(cohorts(104))
    moments = tuple(aha_section(name=f"moment_{n}", reach=told, times=times) for n in range(2))
    gaps = [gap_row(f"a feature, number {n}", (40, 20, 30, 20, 9, 5)) for n in range(60)]
    said = say_section()
    said = replace(said, tables={**said.tables, "gaps": table("gaps", gaps)})
    return report_data(*funnels, aha=moments, search=search_section(), say=said, inputs=inputs(104))


def test_the_largest_page_is_within_its_budgets_and_keeps_every_number():
    data = largest()
    files = render(data)
    assert 1 <= drawn(files) < CHARTS
    assert len(files["report.html"]) <= PAGE
    assert len([name for name in files if name.endswith(".svg")]) == CHARTS
    made = report(data)
    for name, whole in made.tables.items():
        assert len(files[f"data/{name}.csv"].splitlines()) >= 1 + len(whole.rows), name
    figures = [each for part in made.sections for each in part.figures]
    assert len(figures) > 3 * CHARTS
    for figure in figures:
        assert f"### {figure.topic}" in files["report.md"].decode()


def changed_row(files, name, made, number):
    """The report with one row's counts up by one and its rates by one in 2,000."""
    rows = list(csv.reader(io.StringIO(files[f"data/{name}.csv"].decode())))
    kinds = {column.name: column for column in made.columns if column.is_numeric}
    for at, heading in enumerate(rows[0]):
        kind = kinds[heading].kind if heading in kinds and heading not in KEYS else "seconds"
        if kind != "seconds" and rows[number + 1][at]:
            rows[number + 1][at] = moved(rows[number + 1][at], kind)
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return {**files, f"data/{name}.csv": text.getvalue().encode()}


def moved(cell, kind):
    if kind == "count":
        return str(int(cell) + 1)
    step = 0.0005 if kind in ("share", "points", "part", "p") else 0.0005 * float(cell)
    return repr(
        min(float(cell) + step, 1.0) if kind in ("share", "part", "p") else float(cell) + step
    )


def lines(path, files, changed):
    diff = full_diff(path, files[path], changed[path])
    return [line for line in diff if line[0] in "+-" and line[:3] not in ("+++", "---")]


@pytest.mark.parametrize("slug", SLUGS)
def test_one_changed_row_of_any_table_is_a_small_diff(slug):
    """A count, a cohort, a gap, a wave, a week of retention, a metric: whatever a report has.

    Points of a curve of times depend on each other: tests/report/test_review.py moves a converter.
    """
    committed = read(REPORTS / slug)
    files = render(ReportData.from_files(committed, slug))
    too_long, seen = {}, 0
    for name, made in data_tables(ReportData.from_files(files, slug)).items():
        for number in sorted({0, len(made.rows) // 2, len(made.rows) - 1}):
            numeric = any(column.is_numeric for column in made.columns)
            if not made.rows or not numeric or name.endswith("-times"):
                continue
            changed = render(ReportData.from_files(changed_row(files, name, made, number), slug))
            seen += 1
            found = {path: lines(path, files, changed) for path in files if path in changed}
            for path, each in found.items():
                size = sum(len(line.encode()) for line in each)
                if len(each) > DIFF_LINES or size > DIFF_BYTES:
                    too_long[name, number, path] = len(each), size
            assert len(found["report.md"]) <= max(2, len(found["report.html"])), (name, number)
    assert too_long == {}
    assert seen >= 10
