"""Which answers are reviews of a product, read from a table made by hand; and without any."""

from typing import TYPE_CHECKING

import pytest

from funnelkit.api import Project
from funnelkit.errors import FunnelkitError
from funnelkit.results.market import ALL, market_table
from funnelkit.warehouse.connect import memory
from funnelkit.warehouse.queries import frame

if TYPE_CHECKING:
    import polars as pl


def _reviews() -> "pl.DataFrame":
    with memory() as con:
        con.execute(
            "create table fct_feedback as select * from (values"
            " ('r1', 'ours', 7, 'u7', 4.0, null, 'fine'),"
            " ('r2', 'ours', null, 'eve', 1.0, null, 'x'),"
            " ('r3', 'acme', null, null, 11.0, 'score 11 outside 0 to 10', 'y'),"
            " ('r4', 'acme', null, null, 3.0, null, null), ('r5', null, 7, 'u7', 5.0, null, 'z'))"
            " t(response_id, product, user_key, user_id, score, problem, text)"
        )
        return frame(con, "market_reviews")


def test_reviews_are_the_answers_that_name_a_product() -> None:
    assert _reviews().rows() == [
        ("r1", "ours", "7", 4.0, True),
        ("r2", "ours", "as told eve", 1.0, True),
        ("r3", "acme", "r3", None, True),  # a score off its scale is none
        ("r4", "acme", "r4", 3.0, False),
    ]


def test_only_texts_can_mention_something() -> None:
    import polars as pl

    named = pl.DataFrame({"response_id": ["r3"], "theme": ["price"], "polarity": ["negative"]})
    table = market_table(_reviews(), named)
    told = {(row[0], row[1]): row[2] for row in table.rows}
    assert told["acme", "price"] == 1
    assert told[ALL, ALL] == 3


def test_a_log_without_reviews_of_products_says_what_is_missing(built_sample: Project) -> None:
    with pytest.raises(FunnelkitError, match="no review names a product") as error:
        built_sample.market()
    assert "--map product=" in (error.value.hint or "")
