"""What a report is made from, and the report itself: plain frozen values, no clock, no files."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from funnelkit.errors import FunnelkitError
from funnelkit.table import Column, Kind, Table, Value, rounded

# The one place that says what a column of a report means. A committed CSV has names only, so a
# table read back from it gets its kinds and labels from here, like the table it was written from.
_KINDS: dict[Kind, dict[str, str]] = {
    "text": {
        "funnel": "Funnel",
        "breakdown": "Breakdown",
        "value": "Value",
        "step_name": "Step",
        "period_state": "State",
        "reason": "Kind: what became of it",
        "digest": "Digest",
        "limit": "Limit",
        "item": "Item",
        "text": "Text",
    },
    "count": {
        "step": "No.",
        "entered": "Entered",
        "reached": "Reached",
        "open": "Still open",
        "lost": "Lost",
        "matured": "Mature",
        "matured_reached": "Mature reached",
        "at_risk": "At risk",
        "rows": "Rows",
        "events": "Events",
        "entities": "Entities",
        "merges": "Identity merges",
    },
    "share": {
        "conversion": "Conversion",
        "conversion_lo": "Conversion, low",
        "conversion_hi": "Conversion, high",
        "step_conversion": "From step before",
        "step_conversion_lo": "From step before, low",
        "step_conversion_hi": "From step before, high",
        "converted_share": "Converted",
        "lo": "Low",
        "hi": "High",
    },
    "part": {"share": "Of raw rows"},
    "seconds": {
        "seconds": "Elapsed",
        "median_seconds": "Median from step before",
        "p25_seconds": "p25 from step before",
        "p75_seconds": "p75 from step before",
        "p90_seconds": "p90 from step before",
    },
    "date": {"period": "Entry week", "week": "Week"},
}
KNOWN_COLUMNS = {
    name: Column(name, kind, label)
    for kind, labels in _KINDS.items()
    for name, label in labels.items()
}

# Control characters are not allowed in XML, and a bare \r breaks CSV: names are data, so they are
# shown with a blank instead. Lone surrogates cannot be written as UTF-8.
_UNPRINTABLE = re.compile("[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff\u2028\u2029]")


@dataclass(frozen=True)
class FunnelSection:
    """One funnel of a report: its definition in words and its tables (columns as in docs/cli.md).

    `words` are sentences; `window` is text such as `14 d`, empty without a window; `breakdowns`
    maps a breakdown's name to its rows (value x step); `times` is the curve from entry to the last
    step. Empty `trend` or `times` tables leave their chart out.
    """

    name: str
    description: str
    words: tuple[str, ...]
    definition_hash: str
    window: str
    steps: Table
    breakdowns: Mapping[str, Table]
    trend: Table
    times: Table


@dataclass(frozen=True)
class ReportData:
    """Everything a report may depend on; equal values give equal bytes.

    `quality` has the columns reason, rows, share (of raw rows) and, where the project has limits,
    limit: every filter and how many rows it took; `inputs` is
    what the numbers rest on, per week (week, events, entities, digest), a count null where it is
    not to be shown; the three instants are ISO 8601 text. `slug` is the report's folder under
    reports/. `log` are the rules of the log in words, `as_of` up to when its rows count as the
    author wrote it; both empty where the project has none.
    """

    slug: str
    title: str
    description: str
    sections: tuple[FunnelSection, ...]
    quality: Table
    first_event: str
    last_event: str
    observed_until: str
    inputs: Table
    log: tuple[str, ...] = ()
    as_of: str = ""

    @classmethod
    def from_files(cls, files: Mapping[str, bytes], slug: str) -> "ReportData":
        """The data of a committed report, read back from its `data/*.csv`.

        `files` maps relative paths to bytes (see `build.read`). Raises FunnelkitError when a file
        is missing or a cell is not what its column says. `render(ReportData.from_files(f, slug))`
        gives the same bytes as the render that wrote `f`.
        """
        from funnelkit.report.csvs import read_data

        return read_data(files, slug)


@dataclass(frozen=True)
class Figure:
    """A chart and its table. `spec` is a Vega-Lite specification with the numbers drawn in it.

    `name` is the chart's and its CSV's file name; `topic` its heading, `lead` a sentence with n
    and interval; `title` states the finding, `subtitle` the method; `alt` is the text for people
    who cannot see the chart; `table` is shown below it with its `caption`, `narrow` is the chart
    for a small screen.
    """

    name: str
    topic: str
    lead: str
    title: str
    subtitle: str
    alt: str
    spec: Mapping[str, Any] = field(repr=False)
    narrow: Mapping[str, Any] = field(repr=False)
    table: Table
    caption: str = ""


@dataclass(frozen=True)
class Section:
    """A funnel's heading, description and figures; `anchor` is its id in the page.

    `note` says why there is no figure.
    """

    name: str
    anchor: str
    description: str
    figures: tuple[Figure, ...]
    note: str = ""


@dataclass(frozen=True)
class Definition:
    """A funnel's definition in words, with the hash of its specification."""

    name: str
    words: tuple[str, ...]
    definition_hash: str


@dataclass(frozen=True)
class Report:
    """A report ready to be written: findings first, then sections, then what it rests on.

    `tables` maps the name of each CSV under data/ to its whole table; `inputs` are the latest weeks
    of that table; `log` are the rules of the log.
    """

    slug: str
    title: str
    description: str
    facts: tuple[str, ...]
    findings: tuple[str, ...]
    sections: tuple[Section, ...]
    definitions: tuple[Definition, ...]
    quality: Table
    inputs: Table
    inputs_caption: str
    tables: Mapping[str, Table]
    log: tuple[str, ...] = ()


def clean(text: str) -> str:
    """Text without the characters that XML, CSV or UTF-8 cannot carry."""
    return _UNPRINTABLE.sub(" ", text)


def file_name(text: str) -> str:
    """A name for files and anchors: lower case, digits and dashes; empty when nothing is left."""
    return re.sub(r"[^a-z0-9_]+", "-", text.lower()).strip("-")


def normalised(table: Table) -> Table:
    """The table as its CSV holds it: known columns, 6 decimals, no empty text, no meta."""
    columns = tuple(KNOWN_COLUMNS.get(name, Column(name, "text", name)) for name in table.names)
    rows = tuple(
        tuple(_cell(value, column) for value, column in zip(row, columns, strict=True))
        for row in table.rows
    )
    return Table(columns, rows)


def _cell(value: Value, column: Column) -> Value:
    if value is None:
        return None
    if not column.is_numeric:
        return clean(str(rounded(value))) or None
    if isinstance(value, (bool, str)):
        raise _not_a_number(value, column)
    number = rounded(value)
    if isinstance(number, float) and number - number != 0:  # NaN and infinity
        raise _not_a_number(value, column)
    if column.kind == "count" and number != int(number or 0):
        raise _not_a_number(value, column)
    return int(number or 0) if column.kind == "count" else number


def _not_a_number(value: Value, column: Column) -> FunnelkitError:
    wanted = "a whole number" if column.kind == "count" else "a finite number"
    return FunnelkitError(
        f"report column {column.name!r}: expected {wanted}, got {value!r}",
        "leave the value out (null) where nothing was measured",
    )
