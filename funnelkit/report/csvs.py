"""The numbers of a report as CSV, and the way back: a report can be rendered from its own data."""

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

from funnelkit.errors import FunnelkitError
from funnelkit.report.annotations import marked, read_annotations
from funnelkit.report.columns import AHA_COLUMNS, KNOWN_COLUMNS, file_name, normalised
from funnelkit.report.columns_front import ANNOTATION_COLUMNS, FINDING_COLUMNS, LADDER_COLUMNS
from funnelkit.report.columns_funnel import COMPARE_COLUMNS, FUNNEL_PARTS, NEXT_COLUMNS
from funnelkit.report.columns_say import SAY_COLUMNS, SAY_PARTS
from funnelkit.report.csvs_scorecard import about_scorecard, read_scorecard, scorecard_tables
from funnelkit.report.front import findings_table, read_findings
from funnelkit.report.model import (
    AhaSection,
    Definition,
    FunnelSection,
    Report,
    ReportData,
    SaySection,
    SearchSection,
)
from funnelkit.table import Column, Table, Value, read_csv_text, to_csv

# Of an aha moment; `week` is the one of its retention that is told.
PARTS = ("reach", "outcome", "times", "stuck", "retention", "week")
_AHA = ("description", "definition_hash", "entities", "window", "outcome")
_AHA_LISTS = ("words", "findings", "breakdowns")
_SEARCH = ("definition_hash", "entities", "outcome", "headline")
_SEARCH_LISTS = ("words", "told")
_SAY_LISTS = ("words", "findings")
_LONGEST = 1 << 30  # characters of a cell
_SOME = ("as_of", "timezone", "users_digest", "answers_digest")
_TOP = ("title", "description", "first_event", "last_event", "observed_until")
_ABOUT = (
    Column("funnel", "text", "Funnel"),
    Column("item", "text", "Item"),
    Column("text", "text", "Text"),
)


def write_csvs(report: Report) -> dict[str, bytes]:
    """`data/<name>.csv` for every table of the report."""
    return {f"data/{name}.csv": to_csv(table).encode() for name, table in report.tables.items()}


def data_tables(data: ReportData) -> dict[str, Table]:
    """Name → table of everything the report is made from.

    `about` holds the texts (a row per item), `inputs` and `quality` what the numbers rest on, and
    each chart's numbers stand under the chart's name. Raises FunnelkitError when two charts would
    share a file.
    """
    tables = {"about": about(data), "inputs": data.inputs, "quality": data.quality}
    tables |= front_tables(data)
    parts = [section_tables(section) for section in data.sections]
    parts += [aha_tables(section) for section in data.aha]
    parts += [search_tables(data.search)] if data.search else []
    parts += [say_tables(data.say)] if data.say else []
    parts += [scorecard_tables(data.scorecard)] if data.scorecard else []
    for name, table in (item for part in parts for item in part.items()):
        if name in tables:
            raise FunnelkitError(
                f"report {data.slug!r}: two charts would be called {name!r}",
                "rename one of the funnels, aha moments or breakdowns",
            )
        tables[name] = table
    return tables


def front_tables(data: ReportData) -> dict[str, Table]:
    """Name → table of what opens the report and of what closes it, where there is any."""
    named = {
        "findings": findings_table(data.findings),
        "annotations": marked(data),
        "ladder": data.ladder,
    }
    return {name: table for name, table in named.items() if table.rows}


def section_tables(section: FunnelSection) -> dict[str, Table]:
    """Chart name → table, in the order in which the charts stand."""
    base = chart_base(section.name)
    named = {f"{base}-steps": section.steps}
    for part, table in (("next", section.next_events), ("compare", section.comparison)):
        if table.rows:
            named[f"{base}-{part}"] = table
    for breakdown, table in section.breakdowns.items():
        key = f"{base}-by-{file_name(breakdown) or 'value'}"
        if key in named:
            raise FunnelkitError(
                f"funnel {section.name!r}: two breakdowns would be called {key!r}",
                "rename one of the breakdowns",
            )
        named[key] = table
    if section.trend.rows:
        named[f"{base}-trend"] = section.trend
    if section.times.rows:
        named[f"{base}-times"] = section.times
    return named


def aha_tables(section: AhaSection) -> dict[str, Table]:
    """Chart name → table of an aha moment, in the order in which they stand."""
    base = aha_base(section.name)
    named = {f"{base}-reach": section.reach}
    for breakdown, table in section.breakdowns.items():
        key = f"{base}-by-{file_name(breakdown) or 'value'}"
        if key in named:
            raise FunnelkitError(
                f"aha moment {section.name!r}: two breakdowns would be called {key!r}",
                "rename one of the breakdowns",
            )
        named[key] = table
    rest = {name: getattr(section, name) for name in ("times", "stuck", "retention", "cohorts")}
    return named | {f"{base}-{name}": table for name, table in rest.items() if table.rows}


def search_tables(section: SearchSection) -> dict[str, Table]:
    """Chart name → table of the search, in the order in which they stand."""
    named = {"search-findings": section.findings, "search-cells": section.cells}
    return {name: table for name, table in named.items() if table.rows}


def say_tables(section: SaySection) -> dict[str, Table]:
    """Chart name → table of say and do, in the order in which they stand."""
    named = {f"say-{part}": section.table(part) for part in SAY_PARTS}
    return {name: table for name, table in named.items() if table.rows}


def aha_base(name: str) -> str:
    """The part of a chart's name that stands for its aha moment."""
    return f"aha-{file_name(name) or 'moment'}"


def chart_base(name: str) -> str:
    """The part of a chart's name that stands for its funnel."""
    return file_name(name) or "funnel"


def about(data: ReportData) -> Table:
    """The report's texts: title, data window, rules of the log, definitions. Grain: one item."""
    rows: list[tuple[Value, ...]] = [(None, item, getattr(data, item) or None) for item in _TOP]
    # Only where there are any: a project without them keeps the files that it has.
    rows += [(None, item, getattr(data, item)) for item in _SOME if getattr(data, item)]
    rows += [(None, "log", sentence) for sentence in data.log]
    for section in data.sections:
        rows.append((section.name, "description", section.description or None))
        rows.append((section.name, "definition_hash", section.definition_hash or None))
        rows.append((section.name, "window", section.window or None))
        rows += [(section.name, "words", sentence) for sentence in section.words]
        rows += [(section.name, "breakdown", name) for name in section.breakdowns]
        for part, sentences in section.told.items():
            rows += [(section.name, f"told_{part}", sentence) for sentence in sentences]
    for moment in data.aha:
        rows += [(moment.name, *item) for item in _told(moment, "aha", _AHA, _AHA_LISTS)]
        for part, sentences in moment.told.items():
            rows += [(moment.name, f"aha_told_{part}", sentence) for sentence in sentences]
    if data.search:
        rows += [(None, *item) for item in _told(data.search, "search", _SEARCH, _SEARCH_LISTS)]
    rows += _about_say(data.say) if data.say else []
    rows += about_scorecard(data.scorecard) if data.scorecard else []
    for each in data.rests_on:
        rows.append((each.name, "rests_on_hash", each.definition_hash or None))
        rows += [(each.name, "rests_on_words", sentence) for sentence in each.words]
    return Table(_ABOUT, tuple(rows))


def _about_say(section: SaySection) -> list[tuple[Value, ...]]:
    rows: list[tuple[Value, ...]] = [(None, "say_wave", section.wave or None)]
    for item in _SAY_LISTS:
        rows += [(None, f"say_{item}", text) for text in getattr(section, item)]
    for part, sentences in section.told.items():
        rows += [(None, f"say_told_{part}", sentence) for sentence in sentences]
    for each in section.features:
        rows.append((each.name, "say_feature_hash", each.definition_hash or None))
        rows += [(each.name, "say_feature_words", sentence) for sentence in each.words]
    return rows


def _told(
    section: AhaSection | SearchSection, prefix: str, single: Sequence[str], lists: Sequence[str]
) -> list[tuple[str, str | None]]:
    """Item and text of each field; items begin with `prefix`, as a funnel may have the name too."""
    told = [(f"{prefix}_{name}", getattr(section, name) or None) for name in single]
    told += [(f"{prefix}_{name}", text) for name in lists for text in getattr(section, name)]
    return told


def read_data(files: Mapping[str, bytes], slug: str) -> ReportData:
    """The data a committed report was rendered from; see `ReportData.from_files`."""
    items = [_texts(row) for row in _read(files, "about", slug).rows]
    top = {item: text for funnel, item, text in items if not funnel}
    missing = [item for item in _TOP if item not in top]
    if missing:
        raise _broken(slug, "about", f"no row for {missing[0]!r}")
    later = ("aha_", "say_", "scorecard_", "rests_on_")
    funnels = [name for name, item, _ in items if name and not item.startswith(later)]
    moments = [name for name, item, _ in items if item.startswith("aha_")]
    texts: dict[str, Any] = {item: top[item] for item in _TOP}
    return ReportData(
        slug=slug,
        **texts,
        sections=tuple(_section(files, slug, name, items) for name in dict.fromkeys(funnels)),
        quality=_read(files, "quality", slug),
        inputs=_read(files, "inputs", slug),
        log=tuple(text for funnel, item, text in items if not funnel and item == "log"),
        **dict[str, Any]((item, top.get(item, "")) for item in _SOME),
        aha=tuple(_aha(files, slug, name, items) for name in dict.fromkeys(moments)),
        search=_search(files, slug, items) if "search_definition_hash" in top else None,
        say=_say(files, slug, items) if "say_wave" in top else None,
        scorecard=read_scorecard(
            items,
            lambda name, known: _read(files, name, slug, optional=True, known=known),
        ),
        rests_on=_defined(items, "rests_on"),
        **_front(files, slug),
    )


def _front(files: Mapping[str, bytes], slug: str) -> dict[str, Any]:
    known = {
        "findings": FINDING_COLUMNS,
        "annotations": ANNOTATION_COLUMNS,
        "ladder": LADDER_COLUMNS,
    }
    read = {
        name: _read(files, name, slug, optional=True, known=columns)
        for name, columns in known.items()
    }
    return {
        "findings": read_findings(read["findings"]),
        "annotations": read_annotations(read["annotations"]),
        "ladder": read["ladder"],
    }


def _texts(row: tuple[Value, ...]) -> tuple[str, str, str]:
    funnel, item, text = ("" if value is None else str(value) for value in row)
    return funnel, item, text


def _section(
    files: Mapping[str, bytes], slug: str, name: str, items: list[tuple[str, str, str]]
) -> FunnelSection:
    own = [(item, text) for funnel, item, text in items if funnel == name]
    single = dict(own)
    base = chart_base(name)
    breakdowns = [text for item, text in own if item == "breakdown"]
    return FunnelSection(
        name=name,
        description=single.get("description", ""),
        words=tuple(text for item, text in own if item == "words"),
        definition_hash=single.get("definition_hash", ""),
        window=single.get("window", ""),
        steps=_read(files, f"{base}-steps", slug),
        breakdowns={
            b: _read(files, f"{base}-by-{file_name(b) or 'value'}", slug) for b in breakdowns
        },
        trend=_read(files, f"{base}-trend", slug, optional=True),
        times=_read(files, f"{base}-times", slug, optional=True),
        next_events=_read(files, f"{base}-next", slug, optional=True, known=NEXT_COLUMNS),
        comparison=_read(files, f"{base}-compare", slug, optional=True, known=COMPARE_COLUMNS),
        told={part: text for part, text in _lists(own, "told", FUNNEL_PARTS).items() if text},
    )


def _aha(
    files: Mapping[str, bytes], slug: str, name: str, items: list[tuple[str, str, str]]
) -> AhaSection:
    own = [(item, text) for moment, item, text in items if moment == name]
    base = aha_base(name)
    lists = _lists(own, "aha", _AHA_LISTS)
    breakdowns = lists.pop("breakdowns")

    def table(part: str, *, optional: bool = True) -> Table:
        return _read(files, f"{base}-{part}", slug, optional=optional, known=AHA_COLUMNS)

    return AhaSection(
        name=name,
        **_single(own, "aha", _AHA),
        **lists,
        told={part: text for part, text in _lists(own, "aha_told", PARTS).items() if text},
        reach=table("reach", optional=False),
        breakdowns={
            each: table(f"by-{file_name(each) or 'value'}", optional=False) for each in breakdowns
        },
        times=table("times"),
        stuck=table("stuck"),
        retention=table("retention"),
        cohorts=table("cohorts"),
    )


def _search(
    files: Mapping[str, bytes], slug: str, items: list[tuple[str, str, str]]
) -> SearchSection:
    own = [(item, text) for name, item, text in items if not name]
    tables: dict[str, Any] = {
        name: _read(files, f"search-{name}", slug, optional=True, known=AHA_COLUMNS)
        for name in ("findings", "cells")
    }
    return SearchSection(
        **_single(own, "search", _SEARCH), **_lists(own, "search", _SEARCH_LISTS), **tables
    )


def _say(files: Mapping[str, bytes], slug: str, items: list[tuple[str, str, str]]) -> SaySection:
    own = [(item, text) for name, item, text in items if not name]
    tables = {
        part: _read(files, f"say-{part}", slug, optional=True, known=SAY_COLUMNS[part])
        for part in SAY_PARTS
    }
    return SaySection(
        **_single(own, "say", ("wave",)),
        **_lists(own, "say", _SAY_LISTS),
        features=_defined(items, "say_feature"),
        told={part: text for part, text in _lists(own, "say_told", SAY_PARTS).items() if text},
        tables={part: table for part, table in tables.items() if table.rows},
    )


def _defined(items: list[tuple[str, str, str]], prefix: str) -> tuple[Definition, ...]:
    """Definitions of their own among the items: `<prefix>_hash`, then `<prefix>_words`."""
    hashes = [(name, text) for name, item, text in items if item == f"{prefix}_hash"]
    words = [(name, text) for name, item, text in items if item == f"{prefix}_words"]
    return tuple(
        Definition(name, tuple(text for of, text in words if of == name), own)
        for name, own in hashes
    )


def _single(own: list[tuple[str, str]], prefix: str, names: Sequence[str]) -> dict[str, Any]:
    texts = dict(own)
    return {name: texts.get(f"{prefix}_{name}", "") for name in names}


def _lists(own: list[tuple[str, str]], prefix: str, names: Sequence[str]) -> dict[str, Any]:
    return {name: tuple(t for item, t in own if item == f"{prefix}_{name}") for name in names}


def _read(
    files: Mapping[str, bytes],
    name: str,
    slug: str,
    *,
    optional: bool = False,
    known: Mapping[str, Column] = KNOWN_COLUMNS,
) -> Table:
    content = files.get(f"data/{name}.csv")
    if content is None:
        if optional:
            return Table((), ())
        raise _broken(slug, name, "the file is missing")
    csv.field_size_limit(_LONGEST)  # Python's own is shorter than a name in a log may be
    try:
        lines = list(csv.reader(io.StringIO(content.decode("utf-8"), newline="")))
    except (UnicodeDecodeError, csv.Error) as error:
        raise _broken(slug, name, f"not a CSV in UTF-8 ({error})") from None
    if not lines:
        raise _broken(slug, name, "the file is empty")
    header, body = lines[0], lines[1:]
    rows = []
    for number, line in enumerate(body, start=2):
        if len(line) != len(header):
            raise _broken(
                slug, name, f"row {number}: {len(header)} cells expected, {len(line)} found"
            )
        rows.append(
            tuple(
                _value(slug, name, number, column, known.get(column), cell)
                for column, cell in zip(header, line, strict=True)
            )
        )
    return normalised(Table(tuple(Column(column) for column in header), tuple(rows)), known)


def _value(slug: str, file: str, line: int, column: str, known: Column | None, text: str) -> Value:
    if not text or known is None or not known.is_numeric:
        return read_csv_text(text) or None
    try:
        return int(text) if text.lstrip("-").isdigit() else float(text)
    except ValueError:
        raise _broken(slug, file, f"row {line}, {column}: {text!r} is not a number") from None


def _broken(slug: str, name: str, what: str) -> FunnelkitError:
    return FunnelkitError(
        f"reports/{slug}/data/{name}.csv: {what}", f"write it again: funnelkit report build {slug}"
    )
