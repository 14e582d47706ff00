"""What reviews say of each theme and product, so that a need that nobody serves shows."""

from typing import NamedTuple

import polars as pl

from funnelkit.stats.agreement import mean_difference
from funnelkit.stats.proportions import NOTHING, Interval, wilson


class Told(NamedTuple):
    """A theme in the reviews of a product; `product` None: of all, `theme` None: any text.

    `reviews` have a text; `mentions` of them name the theme. `scored` of these have a polarity,
    `negative` a bad one. `rating` is the mean score of the `rated` of them, with its t interval,
    clustered by person; without a theme that of all reviews.
    """

    product: str | None
    theme: str | None
    reviews: int
    mentions: int
    share: Interval
    scored: int
    negative: int
    rated: int
    rating: Interval


def market(reviews: pl.DataFrame, mentions: pl.DataFrame) -> list[Told]:
    """Every theme of all products, the most mentioned first, each followed by its products.

    Before them the reviews themselves, of all and of each product (theme None). Products stand in
    the order of their names. `reviews`: response_id (unique), product, person, score, has_text;
    `mentions`: response_id, theme, polarity, one row a text and theme. A product without a mention
    of a theme has a row with 0.
    """
    told = mentions.join(reviews, on="response_id", how="inner")
    products = sorted(reviews["product"].unique())
    own = {None: reviews, **_parts(reviews, "product")}
    of_themes = {str(theme): rows for theme, rows in _parts(told, "theme").items()}
    sizes = {theme: rows.height for theme, rows in of_themes.items()}
    found = [_told(product, None, own[product], None) for product in (None, *products)]
    for theme in sorted(sizes, key=lambda name: (-sizes[name], name)):
        named = {None: of_themes[theme], **_parts(of_themes[theme], "product")}
        found += [
            _told(product, theme, own[product], named.get(product, told.clear()))
            for product in (None, *products)
        ]
    return found


def _parts(rows: pl.DataFrame, column: str) -> dict[str | None, pl.DataFrame]:
    """The rows of each value of a text column."""
    return {str(value): part for (value,), part in rows.partition_by(column, as_dict=True).items()}


def _told(
    product: str | None, theme: str | None, reviews: pl.DataFrame, named: pl.DataFrame | None
) -> Told:
    texts = reviews.filter("has_text").height
    if named is None:
        rated = _rating(reviews)
        return Told(product, theme, texts, texts, NOTHING, 0, 0, *rated)
    scored = named["polarity"].is_not_null().sum()
    negative = (named["polarity"] == "negative").sum()
    share = wilson(named.height, texts)
    return Told(
        product, theme, texts, named.height, share, int(scored), int(negative), *_rating(named)
    )


def _rating(rows: pl.DataFrame) -> tuple[int, Interval]:
    rated = rows.filter(pl.col("score").is_not_null()).sort("person", "response_id")
    persons = rated["person"].rank("dense").cast(pl.Int64).to_numpy()
    return rated.height, mean_difference(rated["score"].cast(pl.Float64).to_numpy(), persons)
