"""From data to a report and its files; nothing here reads a clock or the environment.

`render` is pure. `read`, `write` and `check` are the only ones that touch files.
"""

import difflib
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from funnelkit.report import charts_funnel, charts_rates, findings, views
from funnelkit.report.csvs import chart_base, data_tables, section_tables, write_csvs
from funnelkit.report.html import write_html
from funnelkit.report.markdown import write_markdown
from funnelkit.report.model import (
    Definition,
    Figure,
    FunnelSection,
    Report,
    ReportData,
    Section,
)
from funnelkit.report.prepare import checked
from funnelkit.report.svg import write_svg
from funnelkit.report.theme import NARROW, WIDE
from funnelkit.table import Table, shown

_OWN = re.compile(r"report\.(html|md)|charts/[^/]+\.svg|data/[^/]+\.csv")


_MOST_LINES = 10
_NO_LINES = "0 lines"


class Difference(NamedTuple):
    """A file that is not what the data says: `changed`, `missing` or `stale`.

    `diff` is text for a terminal: at most 10 lines of a unified diff and how many more there are,
    for charts the number of lines; empty for a file that is missing or stale.
    """

    path: str
    what: str
    diff: str


def report(data: ReportData) -> Report:
    """The report of this data: sentences, charts and tables, ready to be written.

    Raises FunnelkitError for names that cannot stand side by side and numbers that are none.
    """
    data = checked(data)
    return Report(
        slug=data.slug,
        title=data.title,
        description=data.description,
        facts=_facts(data),
        findings=top_findings(data),
        sections=tuple(_section(section) for section in data.sections),
        definitions=tuple(
            Definition(section.name, section.words, section.definition_hash)
            for section in data.sections
        ),
        quality=data.quality,
        inputs=Table(data.inputs.columns, data.inputs.rows[-views.MOST_PERIODS :]),
        inputs_caption=_inputs_caption(data.inputs),
        tables=data_tables(data),
        log=data.log,
    )


def render(data: ReportData) -> dict[str, bytes]:
    """Every file of the report, by its path below the report's folder, sorted."""
    made = report(data)
    files = {"report.html": write_html(made), "report.md": write_markdown(made)}
    for section in made.sections:
        for figure in section.figures:
            files[f"charts/{figure.name}.svg"] = write_svg(figure)
    files |= write_csvs(made)
    return dict(sorted(files.items()))


def top_findings(data: ReportData) -> tuple[str, ...]:
    """The sentences that open the report: per funnel conversion, largest loss, what is open."""
    found: list[str] = []
    for section in data.sections:
        sentences = (
            findings.headline(section),
            findings.loss_sentence(section),
            findings.open_sentence(section),
        )
        prefix = f"{section.name}: " if len(data.sections) > 1 else ""
        found += [prefix + sentence for sentence in sentences if sentence]
    return tuple(found)


def _facts(data: ReportData) -> tuple[str, ...]:
    first, last, until = map(
        findings.instant, (data.first_event, data.last_event, data.observed_until)
    )
    facts = [f"Events from {first} to {last}", f"Observed until {until}"]
    if data.as_of:
        facts.append(f"As of {data.as_of}: later rows do not count")
    if "events" in data.inputs.names:
        # A week's count can be withheld; a sum that leaves it out says of how many weeks it is.
        known = [int(value) for value in data.inputs.column("events") if value is not None]
        weeks = len(data.inputs.rows)
        of = f"{weeks}" if len(known) == weeks else f"{len(known)} of {weeks}"
        facts.append(f"{shown(sum(known), 'count')} events in {of} weeks (data/inputs.csv)")
    return tuple(facts)


def _inputs_caption(inputs: Table) -> str:
    weeks = len(inputs.rows)
    withheld = "entities" in inputs.names and None in inputs.column("entities")
    few = "; weeks of fewer than five entities show no counts" if withheld else ""
    left = (
        f", the latest {views.MOST_PERIODS} of {weeks} weeks" if weeks > views.MOST_PERIODS else ""
    )
    return "What was loaded, with its digest" + left + few


def _section(section: FunnelSection) -> Section:
    base = chart_base(section.name)
    if not findings.entrants(section):
        # Bars of nothing would look like a funnel that everybody left.
        return Section(section.name, base, section.description, (), findings.nobody(section))
    drafts: list[_Draft | None] = [_funnel_figure(section)]
    drafts += [
        _breakdown_figure(name, table) if table.rows else None
        for name, table in section.breakdowns.items()
    ]
    if section.trend.rows:
        drafts.append(_trend_figure(section))
    if section.times.rows:
        drafts.append(_times_figure(section))
    named = zip(section_tables(section), drafts, strict=True)
    figures = tuple(draft.named(name) for name, draft in named if draft)
    return Section(section.name, base, section.description, figures)


class _Draft(NamedTuple):
    """A figure that does not know its file name yet."""

    topic: str
    lead: str | None
    title: str
    subtitle: str
    spec: Mapping[str, object]
    narrow: Mapping[str, object]
    table: Table
    more: str = ""

    def named(self, name: str) -> Figure:
        alt = f"{self.title}. {self.subtitle} The table below the chart holds the same numbers."
        return Figure(
            name=name,
            topic=self.topic,
            lead=self.lead or "",
            title=self.title,
            subtitle=self.subtitle,
            alt=alt,
            spec=self.spec,
            narrow=self.narrow,
            table=self.table,
            caption=f"{self.topic}: the numbers drawn above{self.more}",
        )


def _funnel_figure(section: FunnelSection) -> _Draft:
    return _Draft(
        "Steps",
        None,
        findings.funnel_title(section),
        charts_funnel.funnel_subtitle(section),
        charts_funnel.draw_funnel(section, WIDE),
        charts_funnel.draw_funnel(section, NARROW),
        views.steps_view(section.steps),
        "; exact limits and the quartiles of the times are in the CSV",
    )


def _breakdown_figure(name: str, table: Table) -> _Draft:
    return _Draft(
        f"By {name}",
        findings.breakdown_sentence(name, table),
        findings.breakdown_title(name, table),
        charts_funnel.breakdown_subtitle(table),
        charts_funnel.draw_breakdown(name, table, WIDE),
        charts_funnel.draw_breakdown(name, table, NARROW),
        views.breakdown_view(name, table),
    )


def _trend_figure(section: FunnelSection) -> _Draft:
    table = views.latest_periods(section.trend)
    return _Draft(
        "By entry week" + views.latest_of(section.trend),
        findings.trend_sentence(table),
        findings.trend_title(table),
        charts_rates.trend_subtitle(table),
        charts_rates.draw_trend(table, WIDE),
        charts_rates.draw_trend(table, NARROW),
        views.trend_view(table),
        "; a week of fewer than five entrants is joined to its neighbour",
    )


def _times_figure(section: FunnelSection) -> _Draft:
    table = section.times
    step = str(section.steps.records()[-1]["step_name"])
    entered = findings.entrants(section)
    return _Draft(
        "Time to convert",
        findings.times_sentence(table),
        findings.times_title(table),
        charts_rates.times_subtitle(entered, step),
        charts_rates.draw_times(table, entered, step, WIDE),
        charts_rates.draw_times(table, entered, step, NARROW),
        views.times_view(table),
    )


def read(directory: Path) -> dict[str, bytes]:
    """The files of a report's folder that are a report's own, by relative path, sorted."""
    found = sorted(path for path in directory.rglob("*") if path.is_file())
    named = {path.relative_to(directory).as_posix(): path for path in found}
    return {name: path.read_bytes() for name, path in named.items() if _OWN.fullmatch(name)}


def write(files: Mapping[str, bytes], directory: Path) -> None:
    """The files below `directory`, each written beside and renamed; a report's stale files go.

    Files that no report writes are left alone.
    """
    for name, content in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_name(f".{path.name}.new")
        beside.write_bytes(content)
        os.replace(beside, path)  # noqa: PTH105 - atomic on every platform
    for name in read(directory):
        if name not in files:
            (directory / name).unlink()


def check(expected: Mapping[str, bytes], directory: Path) -> list[Difference]:
    """How the folder differs from what was expected, by path; empty when it does not."""
    found = read(directory)
    found |= {
        name: (directory / name).read_bytes()
        for name in expected
        if name not in found and (directory / name).is_file()
    }
    differences = []
    for name in sorted({*expected, *found}):
        old, new = found.get(name), expected.get(name)
        if old != new:
            what = "missing" if old is None else "stale" if new is None else "changed"
            differences.append(Difference(name, what, _diff(name, old, new)))
    return differences


def summary(differences: Sequence[Difference]) -> str:
    """The files that differ, one line each, to stand before their diffs; empty without any."""
    if not differences:
        return ""
    number = len(differences)
    head = "1 file differs:" if number == 1 else f"{number} files differ:"
    lines = [f"  {each.what:<7}  {each.path}" for each in differences]
    return "\n".join([head, *lines]) + "\n"


def full_diff(name: str, old: bytes | None, new: bytes | None) -> list[str]:
    """The whole unified diff of one file, without context, a line each."""
    before, after = (_lines(content) for content in (old, new))
    return list(_unified(name, before, after))


def _diff(name: str, old: bytes | None, new: bytes | None) -> str:
    """What a terminal shows of a file's diff: nobody reads coordinates, or thousands of lines."""
    if old is None or new is None:
        return ""
    before, after = _lines(old), _lines(new)
    if name.endswith(".svg"):
        return f"{_differing(_unified(name, before, after))} differ\n"
    drawn = _differing(_unified(name, _only_svg(before), _only_svg(after)))
    lines = list(_unified(name, _without_svg(before), _without_svg(after)))
    shown_lines, more = lines[:_MOST_LINES], len(lines) - _MOST_LINES
    if more > 0:
        shown_lines.append(f"… and {more:,} more {'line' if more == 1 else 'lines'}\n")
    if drawn != _NO_LINES:
        shown_lines.append(f"{drawn} of charts differ\n")
    return "".join(shown_lines)


def _unified(name: str, before: Sequence[str], after: Sequence[str]) -> Iterator[str]:
    lines = difflib.unified_diff(before, after, f"committed/{name}", f"rebuilt/{name}", n=0)
    return (line if line.endswith("\n") else line + "\n" for line in lines)


def _differing(diff: Iterable[str]) -> str:
    """How many lines a diff changes; a changed line is one, not one gone and one new."""
    marks = [line[0] for line in diff if line[:3] not in ("---", "+++")]
    number = max(marks.count("-"), marks.count("+"))
    return "1 line" if number == 1 else f"{number:,} lines"


def _only_svg(lines: Sequence[str]) -> list[str]:
    return [line for line, drawn in _drawn(lines) if drawn]


def _without_svg(lines: Sequence[str]) -> list[str]:
    return [line for line, drawn in _drawn(lines) if not drawn]


def _drawn(lines: Sequence[str]) -> Iterator[tuple[str, bool]]:
    """Each line of a page, and whether it is part of a chart."""
    inside = False
    for line in lines:
        inside = inside or line.startswith("<svg ")
        yield line, inside
        inside = inside and not line.startswith("</svg>")


def _lines(content: bytes | None) -> list[str]:
    return (content or b"").decode("utf-8", "replace").splitlines(keepends=True)
