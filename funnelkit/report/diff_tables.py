"""What differs between two versions of a report's CSV files, cell by cell, as it stands there."""

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple

from funnelkit.table import read_csv_text

Row = dict[str, str]
# What a row is about, wherever it stands.
_KEYS = (
    *("funnel", "aha", "outcome", "question", "feature", "theme", "kind", "name", "problem"),
    *("breakdown", "segment", "metric", "a", "b", "value", "step", "period", "cohort", "week"),
    *("seconds", "used_days", "wave", "event", "next_event", "reason", "on"),
)
_OWN_KEYS = {
    "search-cells": ("event", "at_least", "within_days"),
    "ladder": ("of", "stage"),
    "annotations": ("date", "text"),
    **dict.fromkeys(("scorecard-customers", "scorecard-business"), ("metric",)),
    **dict.fromkeys(
        ("scorecard-customers-periods", "scorecard-business-periods"), ("metric", "period")
    ),
    "scorecard-revenue": ("period", "state"),
}
# Told in words, not cell by cell.
_ELSEWHERE = ("about", "findings", "inputs")
# Goes without saying in a file of one funnel or aha moment.
_SAID = ("funnel", "aha", "outcome", "breakdown")


class Cell(NamedTuple):
    """A cell that is written otherwise; "" stands for nothing."""

    column: str
    base: str
    head: str


class RowChange(NamedTuple):
    """A row that is `added`, `gone` or `changed` (then with its cells); `key` names it.

    `metric`: of a scorecard, whose unit its numbers have.
    """

    key: str
    what: Literal["added", "gone", "changed"]
    cells: tuple[Cell, ...] = ()
    metric: str = ""


class TableChange(NamedTuple):
    """A CSV file of a report, `name` without its ending; `what` is `changed` if both have it."""

    name: str
    what: Literal["added", "gone", "changed"]
    rows: tuple[RowChange, ...]


def changed_tables(base: Mapping[str, bytes], head: Mapping[str, bytes]) -> tuple[TableChange, ...]:
    """The files under data/ that differ, by name."""
    found = []
    for path in sorted({*base, *head}):
        name = path.removeprefix("data/").removesuffix(".csv")
        if not path.startswith("data/") or name in _ELSEWHERE or base.get(path) == head.get(path):
            continue
        what: Literal["added", "gone", "changed"] = (
            "added" if path not in base else "gone" if path not in head else "changed"
        )
        rows = _rows(name, _read(base.get(path, b"")), _read(head.get(path, b"")))
        found.append(TableChange(name, what, tuple(rows)))
    return tuple(found)


def _read(content: bytes) -> list[Row]:
    lines = csv.DictReader(io.StringIO(content.decode("utf-8", "replace"), newline=""))
    return [
        {str(name): read_csv_text(str(cell or "")) for name, cell in line.items()} for line in lines
    ]


def _rows(name: str, base: Sequence[Row], head: Sequence[Row]) -> list[RowChange]:
    known = _OWN_KEYS.get(name, _KEYS)
    columns = list(
        {**dict.fromkeys(base[0] if base else ()), **dict.fromkeys(head[0] if head else ())}
    )
    keys = [column for column in columns if column in known]
    old, new = _by_key(keys, base), _by_key(keys, head)
    if len(old) < len(base) or len(new) < len(head) or not keys:
        keys = columns  # nothing tells the rows apart: one that differs is another
        old, new = _by_key(keys, base), _by_key(keys, head)
    found = []
    for key in dict.fromkeys([*new, *old]):
        if key not in old or key not in new:
            found.append(RowChange(_told(keys, key), "added" if key in new else "gone"))
            continue
        cells = [Cell(c, old[key].get(c, ""), new[key].get(c, "")) for c in columns]
        differ = tuple(cell for cell in cells if cell.base != cell.head)
        if differ:
            metric = new[key].get("metric", "")
            found.append(RowChange(_told(keys, key), "changed", differ, metric))
    return found


def _by_key(keys: Sequence[str], rows: Sequence[Row]) -> dict[tuple[str, ...], Row]:
    return {tuple(row.get(name, "") for name in keys): row for row in rows}


def _told(keys: Sequence[str], key: tuple[str, ...]) -> str:
    """`organic, step 3`: what stands in the key, numbers with their name."""
    words = []
    for name, text in zip(keys, key, strict=True):
        if text and name not in _SAID:
            number = text.replace(".", "", 1).lstrip("-").isdigit()
            words.append(f"{name} {text.removesuffix('.0')}" if number else text)
    return ", ".join(words) or "all"
