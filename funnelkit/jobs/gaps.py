"""The cells of say against do: who likes or dislikes a feature, and who uses it."""

from collections.abc import Iterator
from typing import Any, NamedTuple

import polars as pl

from funnelkit.stats.evidence import LEAST_N
from funnelkit.stats.paired import mcnemar_mid_p, newcombe_paired, phi
from funnelkit.stats.proportions import NOTHING, Clusters, Interval, clustered_wilson

_CELL = ("aims", "feature_no", "segment", "used_days")
# What is counted of each respondent; the cells' letters are those of the paired table.
_SIDES = {
    "a": pl.col("like") & pl.col("used"),
    "b": pl.col("like") & ~pl.col("used"),
    "c": pl.col("dislike") & pl.col("used"),
    "d": pl.col("dislike") & ~pl.col("used"),
    "neutral": ~pl.col("like") & ~pl.col("dislike"),
    "neutral_used": ~pl.col("like") & ~pl.col("dislike") & pl.col("used"),
    "ratings": (pl.col("how") == "rating") & (pl.col("like") | pl.col("dislike")),
}


class Signed(NamedTuple):
    """Sums over customers of x = b - c and m = their respondents with an opinion."""

    clusters: int
    sum_x: int
    sum_m: int
    sum_x2: int
    sum_xm: int
    sum_m2: int


class Gap(NamedTuple):
    """One cell table: a like & use, b like & not use, c dislike & use, d dislike & not use.

    `likes`, `dislikes`: the clusters of the two rates; `signed`: those of the gap. `ratings`: how
    many of the n told it by a rating; the others in a text.
    """

    aims: str
    feature_no: int
    segment: str | None
    used_days: int
    a: int
    b: int
    c: int
    d: int
    neutral: int
    neutral_used: int
    ratings: int
    likes: Clusters
    dislikes: Clusters
    signed: Signed

    @property
    def n(self) -> int:
        """Respondents with an opinion."""
        return self.a + self.b + self.c + self.d

    @property
    def design_effect(self) -> float:
        """How many times the gap's variance is that of as many respondents of different customers.

        As `Clusters.design_effect`, of a mean of +1 (lip service), -1 (captive) and 0: 1 at least,
        and where all are alike those of a customer count as one.
        """
        k, x, m = self.signed[:3]
        if self.signed.sum_m2 == m:
            return 1.0
        spread = m * (self.b + self.c) - x * x
        if k < 2 or spread == 0:
            return max(1.0, self.signed.sum_m2 / m)
        s = self.signed
        residuals = m * m * s.sum_x2 - 2 * x * m * s.sum_xm + x * x * s.sum_m2
        return max(1.0, k * residuals / ((k - 1) * m * spread))

    @property
    def n_eff(self) -> float:
        """As many respondents of different customers would tell as much of the gap."""
        return self.n / self.design_effect

    @property
    def not_using(self) -> Interval:
        """Of those who like it, how many do not use it."""
        return clustered_wilson(self.likes)

    @property
    def using(self) -> Interval:
        """Of those who dislike it, how many use it."""
        return clustered_wilson(self.dislikes)

    @property
    def gap(self) -> Interval:
        """(b - c) / n, with Newcombe's paired interval over the effective number."""
        if self.n == 0:
            return NOTHING
        worth = self.design_effect
        return newcombe_paired(self.a / worth, self.b / worth, self.c / worth, self.d / worth)

    @property
    def phi(self) -> float | None:
        """The correlation of saying and doing, of those with an opinion."""
        return phi(self.a, self.b, self.c, self.d)

    @property
    def p(self) -> float:
        """Mid-p of McNemar's test that b and c are alike, over their effective numbers."""
        return mcnemar_mid_p(self.b / self.design_effect, self.c / self.design_effect)

    @property
    def is_tested(self) -> bool:
        """Whether it is enough for a verdict: chosen by how many answered, never by what."""
        return self.n_eff >= LEAST_N


def gaps(
    people: pl.DataFrame, cuts: pl.DataFrame, segments: pl.DataFrame | None = None
) -> list[Gap]:
    """The cells of every feature at every cut, of all respondents and of each segment.

    `people`: rows of `Respondents`; `cuts`: feature_no, used_days (used: on at least so many days);
    `segments`: response_id, segment; a respondent of none is in no segment. By aims, feature, all
    before the segments, cut.
    """
    everybody = people.with_columns(segment=pl.lit(None, pl.String))
    parts = [everybody]
    if segments is not None:
        parts.append(people.join(segments, on="response_id").select(everybody.columns))
    judged = (
        pl.concat(parts)
        .join(cuts, on="feature_no")
        .with_columns(
            like=pl.col("opinion") == "like",
            dislike=pl.col("opinion") == "dislike",
            used=pl.col("days") >= pl.col("used_days"),
        )
    )
    sides = [side.cast(pl.Int64).sum().alias(name) for name, side in _SIDES.items()]
    customers = judged.group_by(*_CELL, "customer_id").agg(sides)
    totals = customers.group_by(_CELL).agg(
        pl.col(*_SIDES).sum(),
        *_products("likes", pl.col("b"), pl.col("a") + pl.col("b")),
        *_products("dislikes", pl.col("c"), pl.col("c") + pl.col("d")),
        *_products(
            "signed", pl.col("b") - pl.col("c"), pl.sum_horizontal(*(pl.col(x) for x in "abcd"))
        ),
    )
    return list(_read(totals.sort(_CELL, nulls_last=False)))


def _products(name: str, x: pl.Expr, m: pl.Expr) -> Iterator[pl.Expr]:
    """The sums that give a clustered share its variance."""
    yield (m > 0).cast(pl.Int64).sum().alias(f"{name}.clusters")
    for label, each in (("x", x), ("m", m), ("x2", x * x), ("xm", x * m), ("m2", m * m)):
        yield each.sum().alias(f"{name}.sum_{label}")


def _read(totals: pl.DataFrame) -> Iterator[Gap]:
    for row in totals.iter_rows(named=True):
        yield Gap(
            **{name: row[name] for name in (*_CELL, *_SIDES)},
            likes=Clusters(*_of(row, "likes")),
            dislikes=Clusters(*_of(row, "dislikes")),
            signed=Signed(*_of(row, "signed")),
        )


def _of(row: dict[str, Any], name: str) -> list[int]:
    return [row[f"{name}.{field}"] for field in Clusters._fields]
