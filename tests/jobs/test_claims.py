from typing import Any

import polars as pl
import pytest

from funnelkit.jobs.claims import claims

SCHEMA = {
    "response_id": pl.String,
    "user_key": pl.String,
    "said": pl.Float64,
    "logged": pl.Float64,
}


def answers(*rows: tuple[str, float, float]) -> pl.DataFrame:
    full = [(f"r{n}", *row) for n, row in enumerate(rows)]
    return pl.DataFrame(full, SCHEMA, orient="row")


def test_claims_by_hand() -> None:
    """Said 10 of 8 logged, 5 of 5.4 (half a unit is the same), 0 of 3, 4 of 4."""
    table = answers(("ann", 10, 8), ("ann", 5, 5.4), ("bob", 0, 3), ("cid", 4, 4))
    (found,) = claims(table, None, None)
    told = found.agreement
    assert (found.group, told.n, told.persons) == (None, 4, 3)
    assert told.mean.estimate == pytest.approx((2 - 0.4 - 3 + 0) / 4)
    assert (told.median_said, told.median_logged) == (4.5, 4.7)
    assert told.median.estimate == pytest.approx(-0.2)
    assert told.sides == (1, 2, 1)
    assert told.spearman.estimate == pytest.approx(1.0)


def test_no_tolerance_is_none_at_all() -> None:
    table = answers(("ann", 5, 5), ("bob", 5.01, 5), ("cid", 4.99, 5))
    (found,) = claims(table, None, 0)
    assert found.agreement.sides == (1, 1, 1)


def test_groups_follow_all_of_them_the_largest_first() -> None:
    table = answers(*[(f"u{n}", float(n), 1.0) for n in range(6)])
    groups = pl.DataFrame(
        {"response_id": [f"r{n}" for n in range(5)], "group": ["a", "b", "b", "c", "c"]}
    )
    found = [(each.group, each.agreement.n) for each in claims(table, groups, None)]
    assert found == [(None, 6), ("b", 2), ("c", 2), ("a", 1)]


def test_quarters_are_of_the_average() -> None:
    """Said and logged change places: by either alone there would be a slope, here there is none."""
    rows: list[Any] = [(f"u{n}", float(n), float(n + 2)) for n in range(100)]
    rows += [(f"v{n}", float(n + 2), float(n)) for n in range(100)]
    (found,) = claims(answers(*rows), None, None)
    assert [quarter.quarter for quarter in found.quarters] == [1, 2, 3, 4]
    assert [quarter.median for quarter in found.quarters] == [0.0] * 4
    assert sum(quarter.n for quarter in found.quarters) == 200


def test_the_order_of_rows_does_not_matter() -> None:
    table = answers(*[(f"u{n % 7}", n * 1.1, n * 0.7) for n in range(50)])
    assert list(claims(table.reverse(), None, None)) == list(claims(table, None, None))
