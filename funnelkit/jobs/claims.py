"""What people claim they do, held against what was logged of the same time and in the same unit."""

from collections.abc import Iterator
from typing import NamedTuple

import polars as pl

from funnelkit.stats.agreement import Agreement, Quarter, agreement, quarters


class Claimed(NamedTuple):
    """The claims of one question, all of them or those of a group."""

    group: str | None
    agreement: Agreement
    quarters: list[Quarter]


def claims(
    answers: pl.DataFrame, groups: pl.DataFrame | None, tolerance: float | None
) -> Iterator[Claimed]:
    """The claims of one question, of all and then of each group, the largest first.

    `answers`: response_id, user_key, said, logged, a row a response that counts; `groups`:
    response_id, group. `tolerance` in the question's unit, as in stats/agreement.
    """
    yield _claimed(None, answers, tolerance)
    if groups is None:
        return
    parts = answers.join(groups, on="response_id").partition_by("group", as_dict=True)
    by_size = sorted(parts.items(), key=lambda part: (-part[1].height, str(part[0][0])))
    for (group,), part in by_size:
        yield _claimed(str(group), part, tolerance)


def _claimed(group: str | None, answers: pl.DataFrame, tolerance: float | None) -> Claimed:
    table = answers.sort("response_id")
    said, logged = (table[name].cast(pl.Float64).to_numpy() for name in ("said", "logged"))
    persons = table["user_key"].rank("dense").cast(pl.Int64).to_numpy()
    return Claimed(group, agreement(said, logged, persons, tolerance), quarters(said, logged))
