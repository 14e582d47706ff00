"""Reviews of several products side by side: what they mention, and which need nobody serves."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from funnelkit.errors import FunnelkitError
from funnelkit.jobs.market import Told, market
from funnelkit.results.built import inputs
from funnelkit.results.mentions_kept import read_mentions
from funnelkit.results.notes import noted, of_log
from funnelkit.stats.evidence import FEWEST, label, percent_allowed
from funnelkit.stats.funnels import many
from funnelkit.stats.proportions import NOTHING, wilson
from funnelkit.table import Column, Table, Value, percent
from funnelkit.warehouse.queries import frame

if TYPE_CHECKING:
    import polars as pl
    from duckdb import DuckDBPyConnection

MARKET_COLUMNS = (
    Column("product"),
    Column("theme"),
    Column("reviews", "count"),
    Column("mentions", "count"),
    Column("share", "share"),
    Column("lo", "share"),
    Column("hi", "share"),
    Column("rating", "number"),
    Column("rating_lo", "number"),
    Column("rating_hi", "number"),
    Column("label"),
    Column("scored", "count"),
    Column("negative", "count"),
    Column("best_product"),
    Column("best_scored", "count"),
    Column("best_negative", "count"),
)
ALL = "(all)"
_METHOD = (
    "Shares are of reviews with a text, Wilson, 95 %; ratings the mean score of the reviews that "
    "mention the theme, t interval, as told: products may be rated on different scales.",
    "negative: mentions that VADER flags, of those scored; a count, not an estimate.",
)


@dataclass(frozen=True)
class _Best:
    """The product with the smallest share of flagged mentions of a theme.

    `apart`: its interval is below that of every other; else chance alone may have put it there.
    """

    product: str
    scored: int
    negative: int
    apart: bool = False

    @property
    def surely(self) -> float:
        """The least share of bad mentions that it may have: a few bad ones are no need."""
        return wilson(self.negative, self.scored).lo or 0.0


def built_market(con: "DuckDBPyConnection", plan: Mapping[str, Any]) -> Table:
    """Themes by product in the reviews of a built warehouse.

    Raises FunnelkitError where no review names a product, and for what is not built.
    """
    reviews = frame(con, "market_reviews")
    if reviews.is_empty():
        raise FunnelkitError(
            "no review names a product",
            "load reviews with a column `product`, or `--map product=THEIRS`",
        )
    meta = inputs(con)
    return noted(market_table(reviews, read_mentions(con, plan), meta), *of_log(meta))


def market_table(
    reviews: "pl.DataFrame", mentions: "pl.DataFrame", meta: Mapping[str, Any] | None = None
) -> Table:
    """Rows of all products and of each: the reviews (theme `(all)`), then every theme, the most
    mentioned first; `best_product` and what follows stand in the rows of all products.

    `reviews`, `mentions` as `jobs.market.market` takes them. Of fewer than 5 reviews nothing is
    told, and a share only where it may be a percentage (`stats.evidence`).
    """
    found = market(reviews, mentions)
    best = {theme: _best(each) for theme, each in _by_theme(found).items()}
    rows = tuple(_row(told, best[told.theme] if told.product is None else None) for told in found)
    return Table(MARKET_COLUMNS, rows, meta or {}, _headline(found, best), _METHOD)


def _by_theme(found: Sequence[Told]) -> dict[str | None, list[Told]]:
    themes: dict[str | None, list[Told]] = {}
    for told in found:
        themes.setdefault(told.theme, []).append(told)
    return themes


def _best(found: Sequence[Told]) -> _Best | None:
    """Of products with enough scored mentions; None where fewer than two have them."""

    def limits(each: _Best) -> tuple[float, float]:
        found = wilson(each.negative, each.scored)
        return found.lo or 0.0, found.hi or 0.0

    candidates = [
        _Best(told.product, told.scored, told.negative)
        for told in found
        if told.product is not None and told.scored >= FEWEST
    ]
    if len(candidates) < 2:
        return None
    first, *others = sorted(
        candidates, key=lambda each: (each.negative / each.scored, each.product)
    )
    apart = all(limits(first)[1] < limits(each)[0] for each in others)
    return replace(first, apart=apart)


def _row(told: Told, best: _Best | None) -> tuple[Value, ...]:
    known = told.reviews >= FEWEST
    share = told.share if percent_allowed(told.share, told.reviews) else NOTHING
    rating = told.rating if known and told.rated >= FEWEST else NOTHING
    of_theme = known and told.theme is not None
    return (
        told.product or ALL,
        told.theme or ALL,
        told.reviews,
        told.mentions if of_theme else None,
        *share,
        *rating,
        label(told.reviews),
        told.scored if of_theme else None,
        told.negative if of_theme and told.scored >= FEWEST else None,
        *((best.product, best.scored, best.negative) if best else (None, None, None)),
    )


def _headline(found: Sequence[Told], best: Mapping[str | None, _Best | None]) -> str:
    """The theme that the product with the fewest flags surely has most of, of those that may be
    told in percent; a product is named only where it is told apart from all others."""
    reviews = next(told.reviews for told in found)
    products = {told.product for told in found} - {None}
    served = [
        (each, told)
        for told in found
        if told.product is None
        and (each := best[told.theme]) is not None
        and percent_allowed(told.share, told.reviews)
    ]
    of = f"{many(reviews, 'reviews')} of {many(len(products), 'products')}"
    if not served:
        return f"{of[0].upper()}{of[1:]}."
    worst, told = max(served, key=lambda pair: (pair[0].surely, pair[1].mentions, pair[1].theme))
    share = percent(told.share.estimate or 0.0)
    which = "no product is told apart"
    if worst.apart:
        which = f"fewest of {worst.product}, {worst.negative:,} of {worst.scored:,}"
    return (
        f"{str(told.theme).capitalize()}: in {share} of {of}; {told.negative:,} of {told.scored:,}"
        f" mentions are flagged negative by VADER, {which}."
    )
