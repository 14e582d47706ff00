"""What every check of the doctor hands back, and the words that they share."""

from typing import Literal, NamedTuple

State = Literal["ok", "warn", "fail"]


class Check(NamedTuple):
    """One line of the doctor's report; `hint` is None where there is nothing to do."""

    check: str
    state: State
    found: str
    hint: str | None = None


def count(number: int, noun: str) -> str:
    """`1 row`, `1,234 rows`."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def share(part: int, whole: int) -> str:
    """`24 %` of a whole that is not 0; `under 1 %` for what is something all the same."""
    percent = 100 * part / whole
    return "under 1 %" if 0 < percent < 1 else f"{percent:.0f} %"


def listed(names: list[str], most: int = 3) -> str:
    """The first few names: `a, b, c and 7 more`."""
    more = len(names) - most
    shown = ", ".join(names[:most])
    return f"{shown} and {more:,} more" if more > 0 else shown
