"""One value behind every printed table: terminal, Markdown, CSV and JSON show the same numbers."""

import csv
import io
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

Kind = Literal["text", "count", "share", "part", "points", "number", "seconds", "p", "date"]
Value = str | int | float | bool | None

MINUS = "\u2212"
NOTHING = "–"
_NUMERIC = ("count", "share", "part", "points", "number", "seconds", "p")
# What makes a spreadsheet run a cell (also in the wide forms of East Asian keyboards).
_FORMULA = re.compile("'*[=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


@dataclass(frozen=True)
class Column:
    """A named column and what its numbers mean.

    `kind`: `text`, `count` (integer), `share` (0..1, shown in percent), `part` (a share of which
    little is much, shown finer), `points` (a difference of shares, shown in percentage points),
    `number` (any other: a ratio, a coefficient, days), `seconds` (a duration), `p` (a p- or
    q-value) or `date` (ISO text).
    """

    name: str
    kind: Kind = "text"
    label: str = ""

    @property
    def is_numeric(self) -> bool:
        """Whether values are aligned to the right."""
        return self.kind in _NUMERIC


@dataclass(frozen=True)
class Table:
    """Rows of plain values with named, typed columns.

    `headline` is the finding in one sentence, `notes` what a reader must know beside the numbers,
    `meta` the definition, data window and input counts that go into JSON.
    """

    columns: tuple[Column, ...]
    rows: tuple[tuple[Value, ...], ...]
    meta: Mapping[str, Any] = field(default_factory=dict)
    headline: str = ""
    notes: tuple[str, ...] = ()

    def __str__(self) -> str:
        """Headline, pipe table and notes, as `print(table)` shows them."""
        parts = [self.headline, to_markdown(self).rstrip("\n"), "\n".join(self.notes)]
        return "\n\n".join(part for part in parts if part)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the columns, in order."""
        return tuple(column.name for column in self.columns)

    def records(self) -> list[dict[str, Value]]:
        """One dict a row, numbers rounded to 6 decimals."""
        return [
            {name: rounded(value) for name, value in zip(self.names, row, strict=True)}
            for row in self.rows
        ]

    def column(self, name: str) -> list[Value]:
        """All values of one column, in row order."""
        index = self.names.index(name)
        return [row[index] for row in self.rows]

    def select(self, names: Sequence[str]) -> "Table":
        """The same rows with these columns only, in this order."""
        picked = [self.names.index(name) for name in names]
        return Table(
            columns=tuple(self.columns[i] for i in picked),
            rows=tuple(tuple(row[i] for i in picked) for row in self.rows),
            meta=self.meta,
            headline=self.headline,
            notes=self.notes,
        )


def rounded(value: Value) -> Value:
    """Numbers as every machine format shows them: 6 decimals, never a negative zero."""
    if isinstance(value, float):
        return round(value, 6) + 0.0
    return value


def shown(value: Value, kind: Kind) -> str:
    """A value as people read it: `1,234`, `41.2 %`, `−3.1 pp`, `2 d 4 h`, `–` for nothing."""
    if value is None:
        return NOTHING
    if isinstance(value, float):
        value = round(value, 6)  # as in the CSV: the same number shows the same everywhere
    if kind == "count":
        return f"{value:,}".replace("-", MINUS)
    if kind == "share":
        return percent(float(value))
    if kind == "part":
        return fine_percent(float(value))
    if kind == "points":
        return f"{100 * float(value) + 0.0:+.1f} pp".replace("-", MINUS)
    if kind == "number":
        return plain_number(float(value))
    if kind == "seconds":
        return duration(float(value))
    if kind == "p":
        return "< 0.001" if float(value) < 0.001 else f"{float(value):.3f}"
    return str(value)


def percent(share: float) -> str:
    """A share in percent, one decimal: `0.4123` is `41.2 %`.

    Rounded to the 6 decimals of the CSV first: a share read back from there shows the same.
    """
    return f"{100 * round(share, 6) + 0.0:.1f} %"


def plain_number(number: float) -> str:
    """A number with about three digits: `0.42`, `12.5`, `1,204`."""
    size = abs(round(number, 6))
    decimals = 2 if size < 9.995 else 1 if size < 99.95 else 0
    return f"{round(number, decimals) + 0.0:,.{decimals}f}".replace("-", MINUS)


def score(share: float) -> str:
    """A net promoter score, -1..1, as people say it, of -100 to 100: `32`, `−8`."""
    return f"{round(100 * round(share, 6)):d}".replace("-", MINUS)


def signed_score(share: float) -> str:
    """A difference of such scores: `+4`, `−3`, `0`."""
    told = score(share)
    return told if told == "0" or told.startswith(MINUS) else f"+{told}"


def amount(cents: float) -> str:
    """Cents as a whole amount of the unit that they are cents of: `12,340`."""
    return f"{round(cents / 100):,}".replace("-", MINUS)


def fine_percent(share: float) -> str:
    """A share in percent, small ones with two digits: `41.2 %`, `1 %`, `0.012 %`, `< 0.0001 %`.

    For shares of which few is much: what of a log was refused.
    """
    known = round(share, 6)
    if share > 0 and known == 0:
        return "< 0.0001 %"
    text = f"{100 * known:.1f}" if known >= 0.01 else f"{100 * known:.2g}"
    return f"{text.removesuffix('.0')} %"


def duration(seconds: float) -> str:
    """A duration in its two largest units: `45 s`, `12 min`, `3 h 5 min`, `2 d 4 h`."""
    total = round(seconds)
    if total < 0:
        return MINUS + duration(-seconds)
    if total < 60:
        return f"{total} s"
    minutes = round(seconds / 60)
    if minutes < 60:
        return f"{minutes} min"
    if minutes < 24 * 60:
        return _two(minutes, 60, "h", "min")
    return _two(round(seconds / 3600), 24, "d", "h")


def _two(total: int, size: int, large: str, small: str) -> str:
    whole, rest = divmod(total, size)
    return f"{whole} {large} {rest} {small}" if rest else f"{whole} {large}"


def to_json(table: Table) -> str:
    """`{"schema": 1, "meta": {...}, "rows": [...]}`, never NaN or infinity."""
    value = {"schema": 1, "meta": dict(table.meta), "rows": table.records()}
    return json.dumps(value, ensure_ascii=False, allow_nan=False, indent=2) + "\n"


def to_csv(table: Table) -> str:
    """The exact numbers, 6 decimals, `\\n` line ends, empty for nothing; text as `csv_text`."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(table.names)
    for record in table.records():
        writer.writerow(["" if value is None else _csv_cell(value) for value in record.values()])
    return out.getvalue()


def _csv_cell(value: Value) -> Value:
    return csv_text(value) if isinstance(value, str) else value


def csv_text(text: str) -> str:
    """Text that no spreadsheet takes for a formula: `'` before `=`, `+`, `-`, `@`, tab, line end.

    Numbers stay as they are, and text that has such a `'` already gets one more, so that
    `read_csv_text` gives back the very text.
    """
    return f"'{text}" if _FORMULA.match(text) and not _NUMBER.fullmatch(text) else text


def read_csv_text(cell: str) -> str:
    """The text that `csv_text` wrote."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell


def to_markdown(table: Table) -> str:
    """A pipe table with the numbers as people read them; cell text is escaped."""
    header = [column.label or column.name for column in table.columns]
    rule = ["--:" if column.is_numeric else "---" for column in table.columns]
    body = [
        [shown(value, column.kind) for value, column in zip(row, table.columns, strict=True)]
        for row in table.rows
    ]
    lines = [_pipes(map(markdown_text, header)), _pipes(rule)]
    lines += [_pipes(map(markdown_text, cells)) for cells in body]
    return "\n".join(lines) + "\n"


def _pipes(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cells) + " |"


def markdown_text(text: str) -> str:
    """Text that Markdown shows as it is: event names are data, never markup."""
    flat = " ".join(text.split())
    escaped = flat.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    for mark in "\\`*_[]|~$":
        escaped = escaped.replace(mark, "\\" + mark)
    return escaped
