import random

import polars as pl
import pytest

from funnelkit.jobs.money import affected


def eligible(*rows: tuple[str, int | None]) -> pl.DataFrame:
    schema = {"customer_id": pl.String, "revenue_cents": pl.Int64}
    return pl.DataFrame(list(rows), schema, orient="row")


def answered(*rows: tuple[str, bool]) -> pl.DataFrame:
    return pl.DataFrame(
        list(rows), {"customer_id": pl.String, "affected": pl.Boolean}, orient="row"
    )


def test_customers_and_revenue_are_counted_once() -> None:
    found = affected(
        eligible(("a", 700), ("a", 700), ("b", 200), ("c", 100), ("d", None)),
        answered(("a", True), ("a", False), ("a", True), ("b", True), ("c", False)),
    )
    assert (found.customers, found.eligible, found.share) == (2, 4, 0.5)
    assert (found.revenue_cents, found.eligible_cents) == (900, 1000)
    assert found.revenue_share == 0.9
    assert found.known is not None
    assert found.known.largest_share == pytest.approx(7 / 9)
    assert found.known.effective == pytest.approx(81 / (49 + 4))
    assert found.label == "most of it one account's"


def test_half_is_no_story() -> None:
    found = affected(eligible(("a", 50), ("b", 50)), answered(("a", True), ("b", True)))
    assert found.label == ""


def test_a_respondent_outside_the_frame_counts_as_eligible() -> None:
    found = affected(eligible(("a", 100)), answered(("z", True)))
    assert (found.customers, found.eligible, found.share) == (1, 2, 0.5)
    assert (found.revenue_cents, found.revenue_share) == (None, None)  # unknown is not nothing


def test_without_any_revenue_only_customers_are_told() -> None:
    found = affected(eligible(("a", None), ("b", None)), answered(("a", True)))
    assert (found.customers, found.share) == (1, 0.5)
    assert found.revenue_cents is None
    assert found.revenue_share is None
    assert found.estimated is None
    assert found.label == ""


def test_nobody_is_eligible() -> None:
    found = affected(eligible(), answered())
    assert (found.customers, found.eligible, found.share) == (0, 0, None)


def test_estimated_is_what_respondents_say_of_the_rest() -> None:
    """Equal customers are one band: identified, and the share of respondents of the others."""
    names = [f"c{n:02}" for n in range(40)]
    found = affected(
        eligible(*((name, 100) for name in names)),
        answered(*((name, number < 5) for number, name in enumerate(names[:20]))),
    )
    assert found.revenue_cents == 500
    assert found.estimated is not None
    assert found.estimated.cents == pytest.approx(500 + 0.25 * 2000)
    assert 500 <= found.estimated.lo < found.estimated.cents < found.estimated.hi
    assert affected(eligible(("a", 1)), answered(("a", True)), estimate=False).estimated is None


def test_the_order_of_rows_does_not_matter() -> None:
    draw = random.Random(5)
    there = [(f"c{n}", draw.randrange(10**6)) for n in range(200)]
    said = [(f"c{draw.randrange(200)}", draw.random() < 0.3) for _ in range(120)]
    first = affected(eligible(*there), answered(*said))
    draw.shuffle(there)
    draw.shuffle(said)
    assert affected(eligible(*there), answered(*said)) == first
