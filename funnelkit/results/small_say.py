"""What of claims, scores, themes and problems is too small for a committed report: left out.

Figures that follow from each other go together: what would give a count back is out with it.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from funnelkit.stats.evidence import LEAST_N
from funnelkit.table import Column, Table, Value

Row = dict[str, Any]
# How a problem is told: None: as it is; else its values alone, in round numbers, where they are the
# same times each of these; with none of these, its tier alone.
Near = tuple[float, ...] | None
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


def significant(number: float | None, digits: int) -> int | None:
    """A whole number with so many digits, the others 0: `4,400,000`."""
    return None if number is None else int(float(f"{number:.{digits - 1}e}"))


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
    """What themes do to an NPS that is told, in whole points.

    Of themes that enough for a percentage mention, and as many do not; and not of those whose
    score is near an end, where whole points tell that nobody, or hardly anybody, scored otherwise.
    """
    told = set(waves)
    return [
        {**row, **{name: _whole_points(row[name]) for name in ("impact", "lo", "hi")}}
        for row in rows
        if row["wave"] in told
        and row["impact"] is not None
        and enough(LEAST_N, row["mentions"], row["n"] - row["mentions"])
        and enough(2 * fewest, row["mentions"] - abs(_balance(row)))
    ]


def _balance(row: Row) -> int:
    """Promoters less detractors among those who mention the theme."""
    n, mentions = row["n"], row["mentions"]
    balance: int = round(n * row["nps_all"] - (n - mentions) * row["nps_without"])
    return balance


def _whole_points(score: float | None) -> float | None:
    return None if score is None else round(score, 2)


def theme_rows(rows: Sequence[Row], fewest: int) -> list[Row]:
    """Themes that enough customers mention; negatives where they and the others are enough.

    `rows`: without that of all themes, of which the told ones would give the others back.
    """
    return [
        _theme_row(row, fewest) for row in rows if enough(fewest, row["mentions"], row["customers"])
    ]


def _theme_row(row: Row, fewest: int) -> Row:
    mentions, scored, negative = row["mentions"], row["scored"], row["negative"]
    hidden: list[str] = []
    if scored is not None and mentions != scored and not enough(fewest, mentions - scored):
        hidden += ["scored", "unscored"]
    if hidden or negative is None or not enough(fewest, negative, (scored or 0) - negative):
        hidden += ["negative", "negative_share", "lo", "hi"]
    return without(row, hidden)


def opportunity_rows(
    rows: Sequence[Row], told: Mapping[tuple[str, str], Near], fewest: int
) -> list[Row]:
    """Problems that enough have, and enough have not; a feature's as its cells are told.

    `told`: how a feature's problem may be, by its name; absent: not at all. Of a funnel with a step
    that is not told the others have no figures: that step follows from those around it.
    """
    few = {row["name"] for row in rows if row["kind"] == "step" and not _is_told(row, fewest)}
    shown = []
    for row in rows:
        problem, is_step = (row["name"], row["problem"]), row["kind"] == "step"
        if _is_told(row, fewest) and (is_step or problem in told):
            near = told[problem] if not is_step else () if row["name"] in few else None
            figures = _problem(row) if near is None else _rounded_problem(row, near)
            of = _without_counts(row["severity_of"])
            shown.append({**row, **figures, "severity_of": of})
    return shown


def _is_told(row: Row, fewest: int) -> bool:
    affected, eligible = row["affected"], row["eligible"]
    if affected is None or eligible is None:
        return False
    people = eligible if row["n"] is None else row["n"]
    return enough(fewest, affected, people - affected, eligible - affected)


_SCORES = ("importance", "satisfaction", "ulwick", "ulwick_behavioural")


def _problem(row: Row) -> Row:
    return {
        **{name: _rounded(row[name], 1) for name in (*_SCORES, "customer_value")},
        "severity": _rounded(row["severity"], 2),
        "business_value_cents": significant(row["business_value_cents"], 2),
    }


def _rounded_problem(row: Row, near: tuple[float, ...]) -> Row:
    """No counts and shares: the value in whole numbers, that in money with one digit."""
    value, cents = row["customer_value"], row["business_value_cents"]
    values = {_rounded(value and round(value * each, 9), 0) for each in near}
    business = {significant(cents and round(cents * each, 3), 1) for each in near}
    return {
        **dict.fromkeys(("eligible", "affected", "affected_share", "lo", "hi", *_SCORES)),
        "severity": _rounded(row["severity"], 1),
        "customer_value": values.pop() if len(values) == 1 else None,
        "business_value_cents": business.pop() if len(business) == 1 else None,
        "rounded": "yes",
    }


def _rounded(number: float | None, digits: int) -> float | None:
    return None if number is None else round(number, digits)


def _without_counts(text: str | None) -> str | None:
    """`1 - task success, 3 of 40 users` without its users."""
    return text and text.partition(",")[0]
