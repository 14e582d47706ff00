"""What of claims, scores, themes and problems is too small for a committed report: left out.

Figures that follow from each other go together: what would give a count back is out with it.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from funnelkit.table import Column, Table, Value

Row = dict[str, Any]
_NPS = ("promoters", "passives", "detractors", "nps", "lo", "hi")
_CHANGE = ("difference", "d_lo", "d_hi", "p_value", "q_value")


def rows_of(table: Table) -> list[Row]:
    """The rows by column name."""
    return [dict(zip(table.names, row, strict=True)) for row in table.rows]


def as_table(rows: Sequence[Mapping[str, Value]], columns: Mapping[str, Column]) -> Table:
    """A table of these columns, whatever else the rows have."""
    body = tuple(tuple(row.get(name) for name in columns) for row in rows)
    return Table(tuple(columns.values()), body)


def without(row: Mapping[str, Any], names: Iterable[str]) -> Row:
    """The row with nothing in these columns."""
    hidden = set(names)
    return {name: None if name in hidden else value for name, value in row.items()}


def enough(fewest: int, *parts: int | None) -> bool:
    """Whether each of these parts of a whole holds at least `fewest`."""
    return all(part is not None and part >= fewest for part in parts)


def claim_rows(rows: Sequence[Row], fewest: int) -> list[Row]:
    """Claims of at least `fewest` persons; the three counts where each is of so many."""
    return [
        row
        if enough(fewest, row["over"], row["same"], row["under"])
        else without(row, ("over", "same", "under"))
        for row in rows
        if enough(fewest, row["persons"])
    ]


def nps_rows(rows: Sequence[Row], fewest: int) -> list[Row]:
    """Scores of waves in which promoters, passives and detractors are enough each.

    The interval gives the counts back. A change gives back the score of the wave before.
    """
    shown: list[Row] = []
    before = True
    for row in rows:
        if not enough(fewest, row["n"]):
            before = False
            continue
        told = enough(fewest, row["promoters"], row["passives"], row["detractors"])
        kept = row if told else without(row, (*_NPS, "customers"))
        shown.append(kept if told and before else without(kept, _CHANGE))
        before = told
    return shown


def impact_rows(rows: Sequence[Row], waves: Iterable[Any], fewest: int) -> list[Row]:
    """Themes that enough respondents mention, and enough do not, in waves whose NPS is told."""
    told = set(waves)
    return [
        row
        for row in rows
        if row["wave"] in told
        and row["impact"] is not None
        and enough(fewest, row["mentions"], row["n"] - row["mentions"])
    ]


def theme_rows(rows: Sequence[Row], fewest: int) -> list[Row]:
    """Themes that enough customers mention; negatives where they and the others are enough.

    Themes share texts and add up to nothing: one that is out does not follow from the others.
    """
    return [
        _theme_row(row, fewest) for row in rows if enough(fewest, row["mentions"], row["customers"])
    ]


def _theme_row(row: Row, fewest: int) -> Row:
    mentions, scored, negative = row["mentions"], row["scored"], row["negative"]
    hidden: list[str] = []
    if scored is not None and mentions != scored and not enough(fewest, mentions - scored):
        hidden += ["scored", "unscored"]
    if negative is None or not enough(fewest, negative, (scored or 0) - negative):
        hidden += ["negative", "negative_share", "lo", "hi"]
    elif "scored" in hidden:
        hidden += ["negative"]
    return without(row, hidden)


def opportunity_rows(
    rows: Sequence[Row], told: Mapping[tuple[str, str], str], fewest: int
) -> list[Row]:
    """Problems that enough have, and enough have not; a feature's as its cells are told.

    `told`: how a feature's problem may be: exactly, or to the nearest five; absent: not at all.
    """
    shown = []
    for row in rows:
        affected, eligible = row["affected"], row["eligible"]
        how = told.get((row["name"], row["problem"])) if row["kind"] == "feature" else "exact"
        if how is None or affected is None or eligible is None:
            continue
        people = eligible if row["n"] is None else row["n"]
        if enough(fewest, affected, people - affected, eligible - affected):
            number = affected if how == "exact" else fewest * round(affected / fewest)
            of = _without_counts(row["severity_of"])
            shown.append({**row, "affected": number, "severity_of": of})
    return shown


def _without_counts(text: str | None) -> str | None:
    """`1 - task success, 3 of 40 users` without its users."""
    return text and text.partition(",")[0]
