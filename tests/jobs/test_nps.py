"""NPS by wave and value, with customers counted; the impact of themes."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

import polars as pl
import pytest

from funnelkit.jobs.nps import Votes, impacts, votes
from tests.stats.vectors import cases

Row = tuple[str, str, int]  # respondent, customer, vote


def answers(rows: Sequence[Row], *, wave: int = 0, value: str | None = None) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "wave_no": wave,
            "wave": f"wave_{wave}",
            "reference_at": dt.datetime(2026, 4, 1) + dt.timedelta(days=30 * wave),
            "respondent": [row[0] for row in rows],
            "customer_id": [row[1] for row in rows],
            "is_anonymous": False,
            "vote": [row[2] for row in rows],
            "value": value,
        },
        schema_overrides={"value": pl.String, "vote": pl.Int32},
    )


def alone(promoters: int, passives: int, detractors: int, prefix: str = "u") -> list[Row]:
    """Respondents of a customer each."""
    said = [1] * promoters + [0] * passives + [-1] * detractors
    return [(f"{prefix}{n}", f"{prefix}{n}", vote) for n, vote in enumerate(said)]


def of(found: Sequence[Votes]) -> list[tuple[Any, ...]]:
    return [(v.wave, v.value, v.n, v.promoters, v.passives, v.detractors) for v in found]


def test_waves_go_by_time_and_values_by_size_the_unknown_last() -> None:
    rows = pl.concat(
        [
            answers(alone(2, 1, 1), wave=1, value="team"),
            answers(alone(1, 2, 3, "f"), wave=1, value="free"),
            answers(alone(0, 0, 9, "x"), wave=1),
            answers(alone(1, 0, 0), wave=0, value="team"),
        ]
    )
    assert of(votes(rows)) == [
        ("wave_0", "team", 1, 1, 0, 0),
        ("wave_1", "free", 6, 1, 2, 3),
        ("wave_1", "team", 4, 2, 1, 1),
        ("wave_1", None, 9, 0, 0, 9),
    ]


def test_respondents_of_one_customer_count_for_less() -> None:
    """Worked by hand: two customers of two alike, two of one each."""
    rows = [("a", "A", 1), ("b", "A", 1), ("c", "B", -1), ("d", "B", -1), ("e", "E", 1)]
    rows += [("f", "F", -1)]
    (found,) = votes(answers(rows))
    # Mean 0; residuals of customers 2, -2, 1, -1: 4/3 x 10, over the sum of squared votes, 6.
    assert found.design_effect == pytest.approx(4 / 3 * 10 / 6)
    assert found.n_eff == pytest.approx(6 / (40 / 18))
    assert found.scores.nps == 0
    (single,) = votes(answers(alone(3, 2, 4)))
    assert (single.design_effect, single.n_eff) == (1, 9)


def test_customers_that_all_say_the_same_count_as_one_each() -> None:
    (found,) = votes(answers([(f"u{n}", f"a{n // 2}", 1) for n in range(10)]))
    assert (found.n, found.customers, found.n_eff) == (10, 5, 5)


def test_a_score_is_told_of_thirty_customers_and_where_its_interval_is_no_wider() -> None:
    # The rules of a share on a scale twice as long: 0.60 wide at most.
    def told(promoters: int, passives: int, detractors: int) -> bool:
        return votes(answers(alone(promoters, passives, detractors)))[0].is_told

    assert told(10, 10, 10)
    assert not told(10, 9, 10)
    # All at the ends: a variance of one, 2 x 1.96 / sqrt(45) = 0.58, of 42 0.60 and more.
    assert told(21, 0, 21)
    assert not told(18, 0, 18)
    pairs = [(f"u{n}", f"a{n // 2}", n // 2 % 3 - 1) for n in range(58)]
    assert not votes(answers(pairs))[0].is_told  # 29 customers, each of one mind


@pytest.mark.parametrize("case", cases("thematic_impact"))
def test_impact_is_that_of_the_published_formula(case: Any) -> None:
    everybody, without = case["inputs"]["all"], case["inputs"]["without_theme"]
    rest = without["n"] - without["promoters"] - without["detractors"]
    promoters = everybody["promoters"] - without["promoters"]
    detractors = everybody["detractors"] - without["detractors"]
    passives = everybody["n"] - without["n"] - promoters - detractors
    others = alone(without["promoters"], rest, without["detractors"])
    naming = alone(promoters, passives, detractors, "t")
    named = pl.DataFrame({"respondent": [row[0] for row in naming], "theme": "slow"})
    (found,) = impacts(answers([*others, *naming]), named, "seed")
    assert 100 * (found.impact.estimate or 0) == pytest.approx(case["expected"][0])
    assert (found.n, found.mentions) == (everybody["n"], everybody["n"] - without["n"])
    assert found.everybody == pytest.approx(0.3)
    assert found.without == pytest.approx(0.5)
    assert found.impact.hi is not None
    assert found.impact.hi < 0


def test_impact_does_not_depend_on_the_order_of_rows() -> None:
    table = answers([*alone(20, 20, 20), *[(f"v{n}", f"a{n % 7}", n % 3 - 1) for n in range(60)]])
    named = pl.DataFrame(
        {
            "respondent": ["u1", "u1", "v3", "v7", "u9", "v4", "nobody"],
            "theme": ["slow", "slow", "slow", "slow", "dear", "dear", "dear"],
        }
    )
    first = list(impacts(table, named, "seed"))
    again = list(impacts(table.sample(fraction=1, shuffle=True, seed=1), named.reverse(), "seed"))
    assert first == again
    assert [(each.theme, each.mentions) for each in first] == [("dear", 2), ("slow", 3)]


def test_a_theme_that_everybody_names_takes_nothing_that_can_be_told() -> None:
    table = answers(alone(3, 2, 1))
    named = pl.DataFrame({"respondent": table["respondent"], "theme": "all of it"})
    (found,) = impacts(table, named, "seed")
    assert (found.without, found.impact.estimate, found.is_told) == (None, None, False)
