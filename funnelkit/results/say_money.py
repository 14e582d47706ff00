"""Whose money stands behind each side of a feature, beside what its cells are worth."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import polars as pl

from funnelkit.jobs.money import Affected, affected_each
from funnelkit.results.gaps import kept_mentions
from funnelkit.results.say_frames import Feature, Wave, read_wave
from funnelkit.results.small_say import Row
from funnelkit.stats.evidence import LEAST_N

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_SIDES = ("likes", "dislikes")
_CELLS = ("lip", "captive")


def with_money(
    con: "DuckDBPyConnection",
    plan: Mapping[str, Any],
    wave: Wave,
    rows: Sequence[Row],
    known: Mapping[str, Feature],
) -> Iterator[Row]:
    """Rows of gaps of everybody, at the features' own cuts, with the money of both sides.

    Adds `likes_` and `dislikes_` `customers`, `revenue_share` and `money_label`, of all who like it
    or dislike it; `lip_` and `captive_` `estimated_revenue_cents`, `er_lo` and `er_hi`. Shares and
    estimates only of as many as have percentages.
    """
    frames = read_wave(con, plan, wave, kept_mentions(con, plan))
    for row in rows:
        feature = known[row["feature"]]
        mine = (pl.col("feature_no") == feature.no) & (pl.col("aims") == row["aims"])
        people = frames.respondents.people.filter(mine)
        access = frames.access.filter(pl.col("feature_no") == feature.no)
        found = affected_each(
            frames.paying(access, people),
            people.with_columns(**_flags(feature.used_days)),
            dict.fromkeys(_SIDES, False) | dict.fromkeys(_CELLS, True),
        )
        in_percent = (row["n_eff"] or 0) >= LEAST_N
        for side in _SIDES:
            row |= _of_side(side, found[side], in_percent=in_percent)
        for cell in _CELLS:
            row |= _estimated(cell, found[cell], in_percent=in_percent)
        yield row


def _flags(used_days: int) -> dict[str, pl.Expr]:
    like, dislike = pl.col("opinion") == "like", pl.col("opinion") == "dislike"
    used = pl.col("days") >= used_days
    return {"likes": like, "dislikes": dislike, "lip": like & ~used, "captive": dislike & used}


def _of_side(side: str, found: Affected, *, in_percent: bool) -> Row:
    return {
        f"{side}_customers": found.customers,
        f"{side}_revenue_share": found.revenue_share if in_percent else None,
        f"{side}_money_label": found.label,
    }


def _estimated(cell: str, found: Affected, *, in_percent: bool) -> Row:
    revenue = found.estimated if in_percent else None
    cents = (revenue.cents, revenue.lo, revenue.hi) if revenue else (None, None, None)
    names = ("estimated_revenue_cents", "er_lo", "er_hi")
    return {f"{cell}_{name}": value for name, value in zip(names, cents, strict=True)}
