"""A scorecard as CSV, and the way back."""

from collections.abc import Callable, Mapping, Sequence

from funnelkit.report.columns import clean, normalised
from funnelkit.report.columns_scorecard import SCORECARD_COLUMNS, SCORECARD_PARTS
from funnelkit.report.model import Definition, ScorecardSection
from funnelkit.table import Column, Table, Value

Items = Sequence[tuple[str, str, str]]  # of whom, item, text
PREFIX = "scorecard_"


def scorecard_tables(section: ScorecardSection) -> dict[str, Table]:
    """Chart name → table of a scorecard, in the order in which they stand."""
    named = {f"scorecard-{part}": section.table(part) for part in SCORECARD_PARTS}
    return {name: table for name, table in named.items() if table.rows}


def about_scorecard(section: ScorecardSection) -> list[tuple[Value, ...]]:
    """Its texts: a row an item."""
    rows: list[tuple[Value, ...]] = [(None, f"{PREFIX}trend", section.trend)]
    rows += [(None, f"{PREFIX}words", sentence) for sentence in section.words]
    for part, sentences in section.told.items():
        rows += [(None, f"{PREFIX}told_{part}", sentence) for sentence in sentences]
    for each in section.definitions:
        rows.append((each.name, f"{PREFIX}hash", each.definition_hash or None))
        rows += [(each.name, f"{PREFIX}rule", sentence) for sentence in each.words]
    return rows


def read_scorecard(
    items: Items, read: Callable[[str, Mapping[str, Column]], Table]
) -> ScorecardSection | None:
    """The scorecard that these items tell of; None without one.

    `read`: a table by its name and columns, empty where there is no file.
    """

    def texts(item: str, of: str = "") -> tuple[str, ...]:
        return tuple(text for who, what, text in items if (who, what) == (of, PREFIX + item))

    trend = texts("trend")
    if not trend:
        return None
    hashes = [(who, text) for who, what, text in items if what == f"{PREFIX}hash"]
    tables = {
        part: read(f"scorecard-{part}", columns) for part, columns in SCORECARD_COLUMNS.items()
    }
    told = {part: texts(f"told_{part}") for part in SCORECARD_PARTS}
    return ScorecardSection(
        trend=trend[0],
        words=texts("words"),
        definitions=tuple(Definition(name, texts("rule", name), own) for name, own in hashes),
        told={part: sentences for part, sentences in told.items() if sentences},
        tables={part: table for part, table in tables.items() if table.rows},
    )


def checked_scorecard(section: ScorecardSection) -> ScorecardSection:
    """The scorecard as the committed files hold it."""
    tables = {
        part: normalised(section.table(part), columns)
        for part, columns in SCORECARD_COLUMNS.items()
    }
    told = {part: _cleaned(section.told.get(part, ())) for part in SCORECARD_PARTS}
    return ScorecardSection(
        trend=section.trend,
        words=_cleaned(section.words),
        definitions=tuple(
            Definition(clean(each.name), _cleaned(each.words), each.definition_hash)
            for each in section.definitions
        ),
        told={part: sentences for part, sentences in told.items() if sentences},
        tables={part: table for part, table in tables.items() if table.rows},
    )


def _cleaned(sentences: Sequence[str]) -> tuple[str, ...]:
    return tuple(filter(None, map(clean, sentences)))
