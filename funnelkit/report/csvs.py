"""The numbers of a report as CSV, and the way back: a report can be rendered from its own data."""

import csv
import io
from collections.abc import Mapping

from funnelkit.errors import FunnelkitError
from funnelkit.report.model import (
    KNOWN_COLUMNS,
    FunnelSection,
    Report,
    ReportData,
    file_name,
    normalised,
)
from funnelkit.table import Column, Table, Value, read_csv_text, to_csv

_LONGEST = 1 << 30  # characters of a cell
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
    for section in data.sections:
        for name, table in section_tables(section).items():
            if name in tables:
                raise FunnelkitError(
                    f"report {data.slug!r}: two charts would be called {name!r}",
                    "rename one of the funnels or breakdowns",
                )
            tables[name] = table
    return tables


def section_tables(section: FunnelSection) -> dict[str, Table]:
    """Chart name → table, in the order in which the charts stand."""
    base = chart_base(section.name)
    named = {f"{base}-steps": section.steps}
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


def chart_base(name: str) -> str:
    """The part of a chart's name that stands for its funnel."""
    return file_name(name) or "funnel"


def about(data: ReportData) -> Table:
    """The report's texts: title, data window, rules of the log, definitions. Grain: one item."""
    rows: list[tuple[Value, ...]] = [(None, item, getattr(data, item) or None) for item in _TOP]
    # Only where there are any: a project without them keeps the files that it has.
    rows += [(None, "as_of", data.as_of)] if data.as_of else []
    rows += [(None, "log", sentence) for sentence in data.log]
    for section in data.sections:
        rows.append((section.name, "description", section.description or None))
        rows.append((section.name, "definition_hash", section.definition_hash or None))
        rows.append((section.name, "window", section.window or None))
        rows += [(section.name, "words", sentence) for sentence in section.words]
        rows += [(section.name, "breakdown", name) for name in section.breakdowns]
    return Table(_ABOUT, tuple(rows))


def read_data(files: Mapping[str, bytes], slug: str) -> ReportData:
    """The data a committed report was rendered from; see `ReportData.from_files`."""
    items = [_texts(row) for row in _read(files, "about", slug).rows]
    top = {item: text for funnel, item, text in items if not funnel}
    missing = [item for item in _TOP if item not in top]
    if missing:
        raise _broken(slug, "about", f"no row for {missing[0]!r}")
    names = list(dict.fromkeys(funnel for funnel, _, _ in items if funnel))
    return ReportData(
        slug=slug,
        **{item: top[item] for item in _TOP},
        sections=tuple(_section(files, slug, name, items) for name in names),
        quality=_read(files, "quality", slug),
        inputs=_read(files, "inputs", slug),
        log=tuple(text for funnel, item, text in items if not funnel and item == "log"),
        as_of=top.get("as_of", ""),
    )


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
    )


def _read(files: Mapping[str, bytes], name: str, slug: str, *, optional: bool = False) -> Table:
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
            tuple(_value(slug, name, number, c, v) for c, v in zip(header, line, strict=True))
        )
    return normalised(Table(tuple(Column(column) for column in header), tuple(rows)))


def _value(slug: str, file: str, line: int, column: str, text: str) -> Value:
    known = KNOWN_COLUMNS.get(column)
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
