"""From data to a report and its files; nothing here reads a clock or the environment.

`render` is pure. `read`, `write` and `check` are the only ones that touch files.
"""

import difflib
import os
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from funnelkit.report import findings, front, views
from funnelkit.report.annotations import marked, numbered
from funnelkit.report.budget import within_budget
from funnelkit.report.csvs import data_tables, write_csvs
from funnelkit.report.figures import funnel_section
from funnelkit.report.figures_aha import aha_section, search_section
from funnelkit.report.figures_quality import quality_figure
from funnelkit.report.figures_say import say_section
from funnelkit.report.figures_scorecard import scorecard_sections
from funnelkit.report.html import write_html
from funnelkit.report.markdown import write_markdown
from funnelkit.report.model import Definition, Report, ReportData, Section
from funnelkit.report.prepare import checked
from funnelkit.report.svg import write_svg
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
    sections, raw_rows = within_budget(tuple(_sections(data)), quality_figure(data.quality))
    return Report(
        slug=data.slug,
        title=data.title,
        description=data.description,
        facts=_facts(data),
        findings=tuple(each.text for each in front.chosen(data.findings)),
        sections=sections,
        definitions=tuple(_definitions(data)),
        quality=raw_rows,
        inputs=Table(data.inputs.columns, data.inputs.rows[-views.MOST_PERIODS :]),
        inputs_caption=_inputs_caption(data.inputs),
        tables=data_tables(data),
        log=data.log,
        standing=front.standing(data),
        rule=front.rule(data.findings),
        ladder=data.ladder,
        annotations=marked(data),
    )


def _sections(data: ReportData) -> Iterator[Section]:
    releases = numbered(data.annotations)
    yield from (funnel_section(section, releases) for section in data.sections)
    yield from (aha_section(section, releases) for section in data.aha)
    if data.search:
        yield search_section(data.search)
    if data.say:
        yield say_section(data.say)
    if data.scorecard:
        yield from scorecard_sections(data.scorecard)


def _definitions(data: ReportData) -> Iterator[Definition]:
    for section in data.sections:
        yield Definition(section.name, section.words, section.definition_hash)
    for moment in data.aha:
        yield Definition(f"the aha moment {moment.name}", moment.words, moment.definition_hash)
    if data.search:
        yield Definition("the search", data.search.words, data.search.definition_hash)
    for feature in data.say.features if data.say else ():
        yield Definition(f"the feature {feature.name}", feature.words, feature.definition_hash)
    if data.say and data.say.words:
        yield Definition("say and do", data.say.words, "")
    if data.scorecard:
        yield from _of_scorecard(data)


def _of_scorecard(data: ReportData) -> Iterator[Definition]:
    """What its metrics rest on, but for what the report defines already, and what was declared."""
    if data.scorecard is None:
        return
    others = replace(data, scorecard=None).hashes()
    for each in data.scorecard.definitions:
        if each.name.removeprefix("funnel ") not in others and each.name not in others:
            yield replace(each, name=f"the {each.name}")
    yield Definition("the scorecard", data.scorecard.words, "")


def render(data: ReportData) -> dict[str, bytes]:
    """Every file of the report, by its path below the report's folder, sorted."""
    made = report(data)
    files = {"report.html": write_html(made), "report.md": write_markdown(made)}
    figures = [figure for section in made.sections for figure in section.figures]
    for figure in (*figures, made.quality):
        if figure.spec:
            files[f"charts/{figure.name}.svg"] = write_svg(figure, figure.spec)
    files |= write_csvs(made)
    return dict(sorted(files.items()))


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


def read(directory: Path) -> dict[str, bytes]:
    """The files of a report's folder that are a report's own, by relative path, sorted."""
    found = sorted(path for path in directory.rglob("*") if path.is_file())
    named = {path.relative_to(directory).as_posix(): path for path in found}
    return {name: path.read_bytes() for name, path in named.items() if is_own(name)}


def is_own(path: str) -> bool:
    """Whether a path below a report's folder is one that a report writes."""
    return _OWN.fullmatch(path) is not None


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
