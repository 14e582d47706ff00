"""Files of labelled sentences: read and checked line by line."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import polars as pl

from funnelkit.errors import FunnelkitError
from funnelkit.jobs.sentiment import POLARITIES
from funnelkit.table import read_csv_text

OWN = ("response_id", "sentence_no", "theme", "drawn_wave", "drawn_theme", "label")
ELSEWHERE = ("text", "label")
SCHEMA: dict[str, type[pl.DataType]] = {
    "line": pl.Int64,
    "response_id": pl.String,
    "sentence_no": pl.Int64,
    "theme": pl.String,
    "drawn_wave": pl.String,
    "drawn_theme": pl.String,
    "text": pl.String,
    "label": pl.String,
}
_DIGITS = 9
_LONGEST = 1 << 30  # characters of a cell
_EXPECTED = "negative, neutral or positive"


class LabelFile(NamedTuple):
    """A file's labelled rows (columns of SCHEMA), and how many have no label yet.

    `is_own`: they are sentences of this project's texts, as `themes --label` wrote them; else they
    were brought from elsewhere, with their text alone.
    """

    name: str
    is_own: bool
    rows: pl.DataFrame
    empty: int


def read_labels(path: Path, name: str) -> LabelFile:
    """The labels in a CSV file; `name` is what the errors call it.

    Raises FunnelkitError, with file and line, for a file that cannot be read, columns that are
    missing, a label that is none of three, a sentence_no that is no number, the same sentence
    twice; and for a file without a label.
    """
    try:
        text = path.read_text("utf-8-sig")
    except OSError as error:
        raise FunnelkitError(f"cannot read {name}: {error.strerror}") from None
    except UnicodeDecodeError:
        raise FunnelkitError(f"{name} is not UTF-8", "save it as CSV in UTF-8") from None
    first = text.partition("\n")[0]
    # Some spreadsheets save with semicolons, as their country has it.
    mark = ";" if ";" in first and "," not in first else ","
    csv.field_size_limit(_LONGEST)  # Python's own is shorter than a text may be
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=mark, strict=True)
    is_own = _is_own(name, _header(name, reader))
    rows, empty = [], 0
    for line, row in _numbered(name, reader):
        if row["label"]:
            rows.append(_row(name, line, row, is_own))
        else:
            empty += 1
    if not rows:
        raise FunnelkitError(
            f"{name} has no label", f"write {_EXPECTED} into the column label, and save it as CSV"
        )
    found = pl.DataFrame(rows, schema=SCHEMA, orient="row")
    if is_own:
        _check_once(name, found)
    return LabelFile(name, is_own, found, empty)


def _header(name: str, reader: "csv.DictReader[str]") -> Sequence[str]:
    try:
        header = reader.fieldnames or ()
    except csv.Error as error:
        raise FunnelkitError(f"{name}, line 1: {error}", "is a quote not closed?") from None
    twice = [each for each in header if header.count(each) > 1]
    if twice:
        raise FunnelkitError(f"{name}: column {twice[0]!r} is there twice", "keep one of them")
    return header


def _is_own(name: str, header: Sequence[str]) -> bool:
    for wanted in (OWN, ELSEWHERE):
        if set(wanted) <= set(header):
            return wanted is OWN
    raise FunnelkitError(
        f"{name}: columns are {', '.join(map(str, header)) or 'none'}",
        f"a file that `themes --label` wrote has {', '.join(OWN)}; one from elsewhere"
        f" {' and '.join(ELSEWHERE)}",
    )


def _numbered(name: str, reader: "csv.DictReader[str]") -> Iterator[tuple[int, dict[str, str]]]:
    """Rows with the line they start on; cells without the space around them."""
    before = 1
    while True:
        try:
            row = next(reader, None)
        except csv.Error as error:
            raise FunnelkitError(
                f"{name}, line {before + 1}: {error}", "is a quote not closed?"
            ) from None
        if row is None:
            return
        line, before = before + 1, reader.line_num
        if None in row:
            raise FunnelkitError(
                f"{name}, line {line}: more cells than the header has", "quote texts with commas"
            )
        yield line, {key: (cell or "").strip() for key, cell in row.items()}


def _row(name: str, line: int, row: Mapping[str, str], is_own: bool) -> tuple[object, ...]:
    label = row["label"].casefold()
    if label not in POLARITIES:
        raise FunnelkitError(
            f"{name}, line {line}: label {row['label']!r}", f"expected {_EXPECTED}"
        )
    text = read_csv_text(row.get("text", ""))
    if not is_own:
        if not text:
            raise FunnelkitError(f"{name}, line {line}: a label without a text")
        return line, None, None, None, None, None, text, label
    number = row.get("sentence_no", "")
    if not (number.isascii() and number.isdigit() and len(number) <= _DIGITS):
        raise FunnelkitError(
            f"{name}, line {line}: sentence_no {number!r}", "expected a number, as it was written"
        )
    names = (read_csv_text(row[name]) for name in ("theme", "drawn_wave", "drawn_theme"))
    return line, read_csv_text(row["response_id"]), int(number), *names, text, label


def _check_once(name: str, rows: pl.DataFrame) -> None:
    twice = rows.filter(~pl.struct("response_id", "sentence_no", "theme").is_first_distinct())
    if not twice.is_empty():
        line, response_id = twice.row(0)[:2]
        raise FunnelkitError(
            f"{name}, line {line}: sentence of {response_id} is there twice", "keep one of them"
        )
