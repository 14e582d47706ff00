"""What respondents are raked on: behaviour and who they are, never the use of a feature."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import polars as pl

from funnelkit.jobs.halves import groups
from funnelkit.stats.survey import (
    Bits,
    Counts,
    Floats,
    Kish,
    kish,
    merge_levels,
    population_allowed,
    rake,
)

BANDS = ("active_days", "tenure_days")
# As many bands as a few hundred respondents can fill with 30 each; merging takes them together.
PARTS = 8


class Margins(NamedTuple):
    """The margins of a wave's users: `codes`, user_key and a column of level numbers each.

    `ordered`: the names of those whose levels have an order, which are merged with neighbours.
    """

    codes: pl.DataFrame
    ordered: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The margins, in the order in which they are raked."""
        return tuple(name for name in self.codes.columns if name != "user_key")


class Weighted(NamedTuple):
    """Respondents of a population with what each stands for.

    `users`: user_key and weight, which sum to `population`; `margins`: those that had two levels
    or more after merging.
    """

    users: pl.DataFrame
    population: int
    kish: Kish
    margins: tuple[str, ...]

    @property
    def allowed(self) -> bool:
        """Whether they can stand for everybody."""
        return population_allowed(self.kish)


def margins(users: pl.DataFrame, values: pl.DataFrame) -> Margins:
    """Level numbers of each user of a wave: active days and tenure in bands, and each breakdown.

    `users`: user_key, active_days, tenure_days, aha_reached (null throughout: no margin);
    `values`: user_key, breakdown, value. No value, like any other, is a level.
    """
    table = users.sort("user_key")
    bands = [pl.Series(name, groups(table[name].to_numpy(), PARTS)) for name in BANDS]
    codes = table.select("user_key").with_columns(bands)
    for name in values["breakdown"].unique().sort().to_list():
        one = values.filter(pl.col("breakdown") == name).select("user_key", level="value")
        levels = codes.select("user_key").join(
            one, on="user_key", how="left", maintain_order="left"
        )
        codes = codes.with_columns(_codes(levels["level"]).alias(f"by {name}"))
    if table["aha_reached"].is_not_null().any():
        codes = codes.with_columns(_codes(table["aha_reached"].cast(pl.String)).alias("aha"))
    return Margins(codes, BANDS)


def _codes(levels: pl.Series) -> pl.Series:
    """Numbers of the levels in the order of their text; none at all is the first."""
    return (levels.rank("dense").fill_null(0)).cast(pl.Int64)


def weigh(margins: Margins, population: pl.Series, respondents: pl.Series) -> Weighted | None:
    """Rakes those of the population that answered to the margins of all of it.

    Both are user_keys; respondents outside the population count for nothing. None without any.
    Levels with fewer than 30 respondents are merged first; a margin left with one level drops out.
    Raises ValueError where no weights meet all margins at once.
    """
    frame = margins.codes.filter(pl.col("user_key").is_in(population.implode()))
    sample = frame.filter(pl.col("user_key").is_in(respondents.implode()))
    if sample.is_empty():
        return None
    codes: list[Counts] = []
    targets: list[Floats] = []
    names: list[str] = []
    for name in margins.names:
        everybody, those = frame[name].to_numpy(), sample[name].to_numpy()
        size = int(everybody.max()) + 1
        counts = np.bincount(those, minlength=size)
        # Levels that nobody of this population has are no neighbours.
        present = np.bincount(everybody, minlength=size) > 0
        new = _merged(counts, present, ordered=name in margins.ordered)
        if new.max() == 0:
            continue
        codes.append(new[those])
        targets.append(np.bincount(new[everybody]).astype(np.float64))
        names.append(name)
    weights = _raked(codes, targets, names, frame.height, sample.height)
    users = sample.select("user_key").with_columns(weight=pl.Series(weights))
    return Weighted(users, frame.height, kish(weights), tuple(names))


def _merged(counts: Counts, present: Bits, *, ordered: bool) -> Counts:
    """The new number of each old level, counted from 0 without gaps; of absent levels any."""
    new = np.zeros(len(counts), np.int64)
    new[present] = merge_levels(counts[present].tolist(), ordered=ordered)
    return new


def _raked(
    codes: Sequence[Counts],
    targets: Sequence[Floats],
    names: Sequence[str],
    population: int,
    sample: int,
) -> Floats:
    if not codes:  # nothing tells them apart: each stands for as many
        return np.full(sample, population / sample)
    return rake(codes, targets, names=names)
