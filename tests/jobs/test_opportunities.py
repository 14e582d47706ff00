"""Problems ranked by what is at stake, worked by hand; tiers on planted differences."""

from collections.abc import Sequence

import numpy as np
import polars as pl
import pytest

from funnelkit.jobs.opportunities import (
    COUNTED,
    EVERYBODY,
    RESPONDENTS,
    Affected,
    Problem,
    Scored,
    Severity,
    of_customers,
    of_respondents,
    ranked,
    top_share,
)
from funnelkit.jobs.population import Population
from funnelkit.jobs.weights import Weighted
from funnelkit.stats.proportions import Interval, wilson
from funnelkit.stats.survey import kish

SEVERE = Severity(1.0, "")


def customers(k: int, n: int, prefix: str = "a") -> pl.DataFrame:
    """n customers of one person, the first k of them affected."""
    return pl.DataFrame(
        {
            "customer_id": [f"{prefix}{at:05}" for at in range(n)],
            "k": [int(at < k) for at in range(n)],
            "n": 1,
        },
        schema_overrides={"k": pl.Int64, "n": pl.Int64},
    )


def problem(
    name: str,
    affected: Affected,
    *,
    cents: int | None = 100_000,
    severity: float = 1.0,
    scored: Scored | None = None,
) -> Problem:
    whom = affected.n
    of = Severity(severity, "")
    scored = scored or Scored()
    return Problem("feature", name, "captive", None, whom, cents, affected, of, scored)


def test_at_stake_is_the_lower_limit_times_revenue_times_severity() -> None:
    affected = of_customers(customers(40, 100))
    (found,) = ranked([problem("alerts", affected, cents=1_000_000, severity=0.5)], "seed")
    lo = wilson(40, 100).lo
    assert lo == pytest.approx(0.3094, abs=5e-5)  # Wilson's interval of 40 of 100
    assert found.value_cents == int(500_000 * (lo or 0))
    assert found.estimate_cents == 200_000
    assert affected.holds_for == COUNTED


def test_people_of_a_customer_count_together() -> None:
    table = pl.DataFrame({"customer_id": ["a", "b", "c"], "k": [10, 0, 0], "n": [10, 10, 10]})
    found = of_customers(table)
    # All alike within each of three customers: worth no more than 3; as in test_clusters.
    assert (found.k, found.n) == (10, 30)
    assert found.n_eff <= 3
    assert found.shown.kind == "k of n"


def respondents(n: int) -> pl.DataFrame:
    return pl.DataFrame(
        {"user_key": range(n), "customer_id": [f"a{at:03}" for at in range(n)]},
        schema_overrides={"user_key": pl.Int64},
    )


def test_weights_give_the_share_of_everybody_and_counts_stay_those_of_respondents() -> None:
    people = respondents(60)
    flags = pl.Series([at < 30 for at in range(60)])
    weights = np.array([3.0] * 30 + [1.0] * 30)
    users = people.select("user_key").with_columns(weight=pl.Series(weights))
    share = Interval(0.75, 0.6, 0.85)
    weighted = Weighted(users, 120, kish(weights), ())
    worth = {"dislike_use": weighted.kish.n_eff}
    whole = Population(120, 0.5, None, {"dislike_use": share}, weighted, "", worth=worth)
    found = of_respondents(people, flags, whole, "dislike_use")
    assert (found.k, found.n, found.share, found.holds_for) == (30, 60, share, EVERYBODY)
    assert found.n_eff == pytest.approx(120**2 / (30 * 9 + 30))
    x, m = found.people.select(pl.col("x").sum(), pl.col("m").sum()).row(0)
    assert x / m == pytest.approx(0.75)
    refused = Population(120, 0.5, None, {}, weighted, "respondents do not behave like everybody")
    plain = of_respondents(people, flags, refused, "dislike_use")
    assert (plain.share, plain.holds_for) == (wilson(30, 60), RESPONDENTS)


def test_tiers_part_what_differs_clearly_and_join_what_does_not() -> None:
    problems = [
        problem("small", of_customers(customers(40, 400, "c"))),
        problem("large", of_customers(customers(320, 400, "a"))),
        problem("also small", of_customers(customers(44, 400, "b"))),
    ]
    found = ranked(problems, "seed")
    assert [each.problem.name for each in found] == ["large", "also small", "small"]
    ranks = [each.rank and tuple(each.rank) for each in found]
    assert ranks == [(1, 1, 1), (2, 2, 3), (2, 2, 3)]


def test_severity_and_revenue_can_turn_the_order() -> None:
    shares = of_customers(customers(300, 400)), of_customers(customers(100, 400))
    worth = [problem("often", shares[0]), problem("dear", shares[1], cents=10_000_000)]
    assert _names(ranked(worth, "seed")) == ["dear", "often"]
    severe = [problem("often", shares[0], severity=0.1), problem("bad", shares[1])]
    assert _names(ranked(severe, "seed")) == ["bad", "often"]


def _names(found: Sequence[object]) -> list[str]:
    return [each.problem.name for each in found]  # type: ignore[attr-defined]


def test_too_few_answers_are_not_ranked_and_stand_behind() -> None:
    few = problem("few", of_customers(customers(20, 29)))
    fewer = problem("fewer", of_customers(customers(2, 4)))
    enough = problem("enough", of_customers(customers(1, 300)))
    found = ranked([fewer, few, enough], "seed")
    assert _names(found) == ["enough", "few", "fewer"]
    assert [each.rank is None for each in found] == [False, True, True]
    assert all(each.value_cents is None for each in found[1:])
    assert [each.problem.affected.shown.kind for each in found[1:]] == ["k of n", "suppressed"]
    assert [each.problem.customer_value for each in found[1:]] == [None, None]


def test_without_any_revenue_people_take_its_place_and_nothing_is_in_cents() -> None:
    problems = [
        problem("few could", of_customers(customers(200, 400)), cents=None),
        problem("many could", of_customers(customers(300, 1_000)), cents=None),
    ]
    found = ranked(problems, "seed")
    assert _names(found) == ["many could", "few could"]  # 300 people and 200
    assert {(each.value_cents, each.estimate_cents) for each in found} == {(None, None)}
    # Where others have revenue, a problem of customers whose revenue nobody knows has no place.
    mixed = ranked([problems[0], problem("known", of_customers(customers(10, 400)))], "seed")
    assert [(each.problem.name, each.rank is None) for each in mixed] == [
        ("known", False),
        ("few could", True),
    ]


def test_order_of_customers_and_problems_does_not_matter() -> None:
    rows = [customers(40, 200), customers(50, 200), customers(90, 300)]
    problems = [problem(f"p{at}", of_customers(table)) for at, table in enumerate(rows)]
    shuffled = [
        problem(f"p{at}", of_customers(table.sample(fraction=1, shuffle=True, seed=at)))
        for at, table in enumerate(rows)
    ]

    def told(each: Sequence[Problem]) -> list[object]:
        return [(x.problem.name, x.value_cents, x.rank) for x in ranked(each, "seed")]

    assert told(problems) == told(shuffled[::-1])


def test_scores_are_ulwicks_and_customer_value_is_one_where_people_were_asked() -> None:
    scored = Scored(importance=0.9, satisfaction=0.3, success=0.8)
    assert scored.ulwick == pytest.approx(15)  # importance 9, satisfaction 3
    assert scored.behavioural == pytest.approx(10)  # 9 + (9 - 8)
    assert Scored(importance=0.9).ulwick is None
    affected = of_customers(customers(100, 400))
    assert problem("x", affected, scored=scored).customer_value == pytest.approx(15)
    assert problem("x", affected, severity=0.5).customer_value == pytest.approx(1.25)


def test_a_share_of_top_answers_needs_as_many_as_any_share() -> None:
    def share(n: int) -> float | None:
        tops = [at % 2 == 0 for at in range(n)]
        names = [f"a{at}" for at in range(n)]
        return top_share(pl.DataFrame({"customer_id": names, "is_top": tops}))

    assert share(200) == 0.5
    assert share(20) is None
    empty = {"customer_id": pl.String, "is_top": pl.Boolean}
    assert top_share(pl.DataFrame(schema=empty)) is None
