"""Whom to talk to: people drawn with a known chance, of larger customers more often.

One person of a customer in each group, else a large account's users would be all that is heard.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import polars as pl
from numpy.typing import NDArray

from funnelkit.stats.resampling import generator

Floats = NDArray[np.float64]
Positions = NDArray[np.int64]
GROUP = ("cell", "segment")
_STEPS = 1 << 40  # of a chance of 1


class Drawn(NamedTuple):
    """Those to talk to, and of how many they were drawn.

    `people`: the rows drawn with `probability`, in the order of cell, segment and chance.
    `groups`: cell, segment, people, asked_lately, customers, drawn; a row a group.
    """

    people: pl.DataFrame
    groups: pl.DataFrame


def draw(people: pl.DataFrame, seed: str, *, each: int, total: int | None = None) -> Drawn:
    """Draws `each` people of every cell and segment, or `total` spread over them evenly.

    `people`: user_id, customer_id, cell, segment, revenue_cents (null: unknown), asked_lately
    (left out, counted), and whatever else is to be kept; a row a user and cell. `seed` alone
    decides what chance decides; the order of rows does not matter.
    """
    free = people.filter(~pl.col("asked_lately")).sort(*GROUP, "user_id")
    random = generator(seed)
    groups = _groups(people)
    wanted = _spread(total, groups["customers"].to_list(), each)
    parts = [
        _of_group(free.filter(pl.col("cell") == cell, pl.col("segment") == segment), n, random)
        for (cell, segment), n in zip(groups.select(GROUP).rows(), wanted, strict=True)
    ]
    empty = free.clear().with_columns(probability=pl.lit(0.0))
    counted = groups.with_columns(drawn=pl.Series([part.height for part in parts], dtype=pl.Int64))
    return Drawn(pl.concat([empty, *parts]), counted)


def _groups(people: pl.DataFrame) -> pl.DataFrame:
    free = ~pl.col("asked_lately")
    counted = people.group_by(GROUP).agg(
        people=pl.len().cast(pl.Int64),
        asked_lately=pl.col("asked_lately").sum().cast(pl.Int64),
        customers=pl.col("customer_id").filter(free).n_unique().cast(pl.Int64),
    )
    return counted.sort(GROUP)


def _spread(total: int | None, sizes: Sequence[int], each: int) -> list[int]:
    """How many of each group: `each`, or `total` one by one in turn, as far as there are people."""
    if total is None:
        return [min(each, size) for size in sizes]
    wanted = [0] * len(sizes)
    left = min(total, sum(sizes))
    while left:
        # Nobody gets a second turn before everybody had a first; the larger groups come first.
        open_ = [at for at, size in enumerate(sizes) if wanted[at] < size]
        for at in sorted(open_, key=lambda at: (-sizes[at], at))[:left]:
            wanted[at] += 1
            left -= 1
    return wanted


def _of_group(people: pl.DataFrame, n: int, random: np.random.Generator) -> pl.DataFrame:
    """One person of each of n customers; `probability` is the person's own chance."""
    shuffled = people[random.permutation(people.height)]
    users = pl.len().over("customer_id")
    one = shuffled.with_columns(users=users).unique(
        "customer_id", keep="first", maintain_order=True
    )
    chances = inclusion(sizes(one["revenue_cents"]), n)
    chosen = systematic(chances, random.random())
    probability = pl.Series("probability", chances) / one["users"]
    return one.drop("users").with_columns(probability)[chosen]


def sizes(revenue_cents: pl.Series) -> Floats:
    """The square root of revenue; who pays nothing, or nobody knows what, as the least payer."""
    paying = revenue_cents.fill_null(0).to_numpy().astype(np.float64)
    least = paying[paying > 0].min(initial=np.inf)
    return np.sqrt(np.where(paying > 0, paying, least if np.isfinite(least) else 1.0))


def inclusion(size: Floats, n: int) -> Floats:
    """The chance of each of being among n, proportional to size; 1 where that would exceed 1.

    Sums to n, or to all there are. Source: Särndal, Swensson, Wretman 1992, Model Assisted Survey
    Sampling, section 3.6.2.
    """
    if n >= len(size):
        return np.ones(len(size))
    sure = np.zeros(len(size), dtype=bool)
    while True:
        chance = np.where(sure, 1.0, (n - sure.sum()) * size / size[~sure].sum())
        more = ~sure & (chance >= 1)
        if not more.any():
            return np.asarray(chance, dtype=np.float64)
        sure |= more


def systematic(chance: Floats, start: float) -> Positions:
    """The units that hold the points start, start + 1, … on the line of summed chances.

    Each unit is drawn with its chance exactly, as `start` is uniform in 0..1, and never twice.
    Source: Madow 1949, Annals of Mathematical Statistics 20:333-354.
    """
    if not len(chance):
        return np.zeros(0, dtype=np.int64)
    # In whole steps, so that no point falls beside the line by a rounding.
    ends = np.rint(np.cumsum(chance) * _STEPS).astype(np.int64)
    ends[-1] = round(chance.sum()) * _STEPS
    before = -((int(start * _STEPS) - ends) // _STEPS)  # points below each end: the ceiling
    return np.flatnonzero(np.diff(before, prepend=0)).astype(np.int64)
