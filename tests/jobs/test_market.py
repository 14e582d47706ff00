"""Themes and ratings by product, counted again by hand; a planted need shows, noise does not."""

import random
from typing import Any

import polars as pl
import pytest
from scipy import stats

from funnelkit.jobs.market import market
from funnelkit.results.market import ALL, MARKET_COLUMNS, market_table
from funnelkit.stats.proportions import wilson

Review = tuple[str, str, str, float | None, bool]


def _frames(
    reviews: list[Review], mentions: list[tuple[str, str, str | None]]
) -> tuple[pl.DataFrame, pl.DataFrame]:
    texts = {"response_id": pl.String, "product": pl.String, "person": pl.String}
    return (
        pl.DataFrame(
            reviews, schema={**texts, "score": pl.Float64, "has_text": pl.Boolean}, orient="row"
        ),
        pl.DataFrame(
            mentions,
            schema={"response_id": pl.String, "theme": pl.String, "polarity": pl.String},
            orient="row",
        ),
    )


def _records(reviews: pl.DataFrame, mentions: pl.DataFrame) -> dict[tuple[Any, Any], Any]:
    table = market_table(reviews, mentions)
    assert table.columns == MARKET_COLUMNS
    return {(row[0], row[1]): dict(zip(table.names, row, strict=True)) for row in table.rows}


def _market_of(
    seed: int, size: int = 240
) -> tuple[list[Review], list[tuple[str, str, str | None]]]:
    chance = random.Random(seed)
    reviews: list[Review] = [
        (f"r{i}", chance.choice("abc"), f"p{chance.randrange(200)}",
         chance.choice([None, 1.0, 3.0, 5.0]), chance.random() < 0.9)
        for i in range(size)
    ]  # fmt: skip
    mentions = [
        (each[0], theme, chance.choice(["negative", "positive", "neutral", None]))
        for each in reviews
        if each[4]
        for theme in ("exports", "price")
        if chance.random() < 0.4
    ]
    return reviews, mentions


@pytest.mark.parametrize("seed", range(3))
def test_counts_are_those_of_a_loop(seed: int) -> None:
    reviews, mentions = _market_of(seed)
    own = {review[0]: review for review in reviews}
    found = _records(*_frames(reviews, mentions))
    for product in (ALL, "a", "b", "c"):
        of = [review for review in reviews if product in (ALL, review[1])]
        texts = sum(review[4] for review in of)
        assert found[product, ALL]["reviews"] == texts
        for theme in ("exports", "price"):
            those = [m for m in mentions if m[1] == theme and product in (ALL, own[m[0]][1])]
            row = found[product, theme]
            assert (row["reviews"], row["mentions"]) == (texts, len(those))
            assert row["scored"] == sum(m[2] is not None for m in those)
            assert row["negative"] == sum(m[2] == "negative" for m in those)
            assert (row["share"], row["lo"], row["hi"]) == tuple(wilson(len(those), texts))


def test_the_rating_has_the_t_interval_of_a_mean() -> None:
    scores = [1.0, 2.0, 2.0, 4.0, 5.0, 5.0, 5.0]
    reviews: list[Review] = [(f"r{i}", "a", f"p{i}", score, True) for i, score in enumerate(scores)]
    row = _records(*_frames([*reviews, ("r9", "a", "p9", None, True)], []))["a", ALL]
    mean = stats.tmean(scores)
    lo, hi = stats.t.interval(0.95, len(scores) - 1, loc=mean, scale=stats.sem(scores))
    assert [row["rating"], row["rating_lo"], row["rating_hi"]] == pytest.approx([mean, lo, hi])


def test_reviews_of_one_person_are_no_more_than_one() -> None:
    """Ten times the same person's score tells no more than once: the interval does not shrink."""
    single: list[Review] = [(f"r{i}", "a", f"p{i}", float(1 + i % 5), True) for i in range(10)]
    tenfold = [
        (f"{r}-{k}", product, person, score, text)
        for r, product, person, score, text in single
        for k in range(10)
    ]
    one, ten = (_records(*_frames(rows, []))["a", ALL] for rows in (single, tenfold))
    assert ten["rating_hi"] - ten["rating_lo"] == pytest.approx(one["rating_hi"] - one["rating_lo"])


def test_the_planted_need_that_nobody_serves_is_the_headline() -> None:
    """Exports are bad everywhere; the price is bad with one and fine with the other; a theme of a
    few mentions that are all bad is no need."""
    reviews: list[Review] = [
        (f"{product}{i}", product, f"{product}{i}", 3.0, True)
        for product in ("a", "b")
        for i in range(100)
    ]
    mentions: list[tuple[str, str, str | None]] = []
    for product in ("a", "b"):
        mentions += [
            (f"{product}{i}", "exports", "negative" if i < 27 else "positive") for i in range(30)
        ]
        bad = 30 if product == "a" else 2
        mentions += [
            (f"{product}{i}", "price", "negative" if i < bad else "positive") for i in range(40)
        ]
        mentions += [(f"{product}{i}", "odd", "negative") for i in range(5)]
    table = market_table(*_frames(reviews, mentions))
    assert table.headline == (
        "Exports: in 30.0 % of 200 reviews of 2 products; 54 of 60 mentions are flagged negative by"
        " VADER, no product is told apart."
    )
    assert not any("best" in note for note in table.notes)
    found = _records(*_frames(reviews, mentions))
    assert (found[ALL, "price"]["best_product"], found[ALL, "price"]["best_negative"]) == ("b", 2)
    assert found["a", "price"]["best_product"] is None


@pytest.mark.parametrize(
    ("fewer", "which"), [(10, "fewest of b, 10 of 40"), (30, "no product is told apart")]
)
def test_a_product_is_named_only_where_its_interval_is_below_the_others(
    fewer: int, which: str
) -> None:
    """Wilson, 95 %: 36 of 40 is 77-96 %, 10 of 40 14-40 %, 30 of 40 60-86 %."""
    reviews: list[Review] = [
        (f"{product}{i}", product, f"{product}{i}", 3.0, True)
        for product in "ab"
        for i in range(50)
    ]
    mentions: list[tuple[str, str, str | None]] = [
        (f"{product}{i}", "price", "negative" if i < bad else "positive")
        for product, bad in (("a", 36), ("b", fewer))
        for i in range(40)
    ]
    table = market_table(*_frames(reviews, mentions))
    assert table.headline.endswith(f"by VADER, {which}.")


def test_of_fewer_than_five_reviews_nothing_is_told_and_of_few_no_percentage() -> None:
    reviews: list[Review] = [(f"a{i}", "a", f"a{i}", 4.0, True) for i in range(4)]
    reviews += [(f"b{i}", "b", f"b{i}", 4.0 + i % 2, True) for i in range(20)]
    mentions: list[tuple[str, str, str | None]] = [
        ("a0", "price", "negative"),
        ("b0", "price", None),
    ]
    found = _records(*_frames(reviews, mentions))
    few = found["a", "price"]
    told = {name for name, value in few.items() if value is not None}
    assert told == {"product", "theme", "reviews", "label"}
    assert few["label"] == "anecdote"
    some = found["b", "price"]
    assert (some["mentions"], some["share"], some["label"]) == (1, None, "signal")
    assert (some["scored"], some["negative"]) == (0, None)
    assert found["b", ALL]["rating"] == 4.5


def test_rows_do_not_depend_on_the_order_of_the_reviews() -> None:
    reviews, mentions = _market_of(7)
    one = market(*_frames(reviews, mentions))
    random.Random(1).shuffle(reviews)
    random.Random(2).shuffle(mentions)
    assert market(*_frames(reviews, mentions)) == one


def test_themes_stand_by_their_mentions_and_products_by_name() -> None:
    reviews, mentions = _market_of(3)
    table = market_table(*_frames(reviews, mentions))
    sizes = {theme: sum(m[1] == theme for m in mentions) for theme in ("exports", "price")}
    order = [ALL, *sorted(sizes, key=lambda name: -sizes[name])]
    assert [(row[1], row[0]) for row in table.rows] == [
        (theme, product) for theme in order for product in (ALL, "a", "b", "c")
    ]


def test_people_see_a_line_a_product_in_eighty_columns() -> None:
    from funnelkit.cli.grid import text_width
    from funnelkit.cli.layout import human, lay_out

    table = market_table(*_frames(*_market_of(5)))
    lines = ["".join(part for part, _ in line) for line in lay_out(table, 80).lines(80)]
    assert len(lines) == 1 + len(table.rows)
    assert max(map(text_width, lines)) <= 80
    bad = table.records()[4]
    assert f"{bad['negative']} of {bad['scored']}" in lines[5]
    assert "share" in human(table).names
    assert "best_product" not in human(table).names
