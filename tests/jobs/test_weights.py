from typing import Any

import numpy as np
import polars as pl
import pytest

from funnelkit.jobs.population import TOO_UNEVEN, UNLIKE_ALL, populations
from funnelkit.jobs.weights import Margins, margins, weigh
from funnelkit.stats.bias import ALIKE, TOO_FEW, UNLIKE

USERS = {
    "user_key": pl.String,
    "customer_id": pl.String,
    "tenure_days": pl.Int64,
    "active_days": pl.Int64,
    "aha_reached": pl.Boolean,
    "revenue_cents": pl.Int64,
}
VALUES = {"user_key": pl.String, "breakdown": pl.String, "value": pl.String}


def users(n: int, seed: int = 1, aha: bool = True) -> pl.DataFrame:
    draw = np.random.default_rng(seed)
    rows = [
        (f"u{i:05}", f"c{i}", int(tenure), int(active), bool(reached) if aha else None, 100)
        for i, (tenure, active, reached) in enumerate(
            zip(
                draw.integers(28, 400, n),
                draw.poisson(3, n),
                draw.random(n) < 0.4,
                strict=True,
            )
        )
    ]
    return pl.DataFrame(rows, USERS, orient="row")


def plans(table: pl.DataFrame, *names: str) -> pl.DataFrame:
    """Plans in turn over the users; without names, none."""
    if not names:
        return pl.DataFrame(schema=VALUES)
    rows = [
        (key, "plan", names[number % len(names)]) for number, key in enumerate(table["user_key"])
    ]
    return pl.DataFrame(rows, VALUES, orient="row")


def test_margins_are_behaviour_and_who_they_are() -> None:
    table = users(500)
    found = margins(table, plans(table, "free", "team"))
    assert found.names == ("active_days", "tenure_days", "by plan", "aha")
    assert found.ordered == ("active_days", "tenure_days")
    assert margins(users(500, aha=False), plans(table)).names == ("active_days", "tenure_days")


def test_bands_follow_the_values() -> None:
    """A longer tenure is never in a lower band, and equal ones are in the same."""
    table = users(500)
    found = margins(table, plans(table))
    both = table.join(found.codes, on="user_key", suffix="_band").sort("tenure_days")
    assert both["tenure_days_band"].is_sorted()
    per = both.group_by("active_days").agg(pl.col("active_days_band").n_unique())
    assert per["active_days_band"].unique().to_list() == [1]
    assert both["tenure_days_band"].n_unique() == 8


def test_weights_meet_every_margin_that_is_left() -> None:
    table = users(2000)
    found = margins(table, plans(table, "free", "free", "free", "team"))
    draw = np.random.default_rng(2)
    chance = 0.05 + 0.04 * np.minimum(table["active_days"].to_numpy(), 8)
    answered = table["user_key"].filter(pl.Series(draw.random(2000) < chance))
    weighted = weigh(found, table["user_key"], answered)
    assert weighted is not None
    assert weighted.population == 2000
    assert weighted.margins == found.names
    assert weighted.users["weight"].sum() == pytest.approx(2000)
    of = weighted.users.join(found.codes, on="user_key")
    for name in ("by plan", "aha"):  # two levels, both with 30 respondents
        told = of.group_by(name).agg(pl.col("weight").sum()).sort(name)["weight"]
        there = found.codes.group_by(name).len().sort(name)["len"]
        assert told.to_list() == pytest.approx(there.to_list())


def test_small_levels_are_merged_and_a_lonely_one_drops_out() -> None:
    """Of plan `rare` 10 answered, of `team` 50: they are one level; of `free`, 60."""
    table = users(600, aha=False).with_columns(active_days=1, tenure_days=30)
    names = ["free"] * 300 + ["team"] * 250 + ["rare"] * 50
    values = pl.DataFrame(
        [(key, "plan", name) for key, name in zip(table["user_key"], names, strict=True)],
        VALUES,
        orient="row",
    )
    keys = table["user_key"].to_list()
    answered = pl.Series([*keys[:60], *keys[300:350], *keys[550:560]])
    weighted = weigh(margins(table, values), table["user_key"], answered)
    assert weighted is not None
    assert weighted.margins == ("by plan",)
    weights = dict(weighted.users.rows())
    assert weights[keys[0]] == pytest.approx(300 / 60)
    assert weights[keys[300]] == weights[keys[550]] == pytest.approx(300 / 60)
    few = weigh(margins(table, values), table["user_key"], answered[:20])
    assert few is not None
    assert few.margins == ()
    assert few.users["weight"].to_list() == [30.0] * 20


def test_small_bands_are_merged_with_a_neighbour() -> None:
    """Eight bands of active days: of the fourth 5 answered, of the fifth 31, of the last 30."""
    table = users(800, aha=False).with_columns(
        active_days=pl.Series([n // 100 for n in range(800)]), tenure_days=30
    )
    answering = [40, 40, 40, 5, 31, 40, 40, 30]
    keys = table["user_key"].to_list()
    answered = [keys[100 * band + n] for band, many in enumerate(answering) for n in range(many)]
    weighted = weigh(margins(table, plans(table)), table["user_key"], pl.Series(answered))
    assert weighted is not None
    weights = dict(weighted.users.rows())
    assert weights[keys[300]] == weights[keys[400]] == pytest.approx(200 / 36)
    assert weights[keys[700]] == pytest.approx(100 / 30)


def test_who_is_outside_the_population_stands_for_nobody() -> None:
    table = users(300)
    found = margins(table, plans(table))
    inside = table["user_key"][:200]
    weighted = weigh(
        found, inside, pl.concat([table["user_key"][150:300], pl.Series(["stranger"])])
    )
    assert weighted is not None
    assert (weighted.users.height, weighted.population) == (50, 200)
    assert weigh(found, inside, table["user_key"][200:]) is None


# --- everybody ----------------------------------------------------------------------------------


def respondents(table: pl.DataFrame, opinion: Any, days: Any) -> pl.DataFrame:
    return table.select("user_key", "customer_id").with_columns(
        opinion=pl.Series(opinion), days=pl.Series(days)
    )


def one_plan(n: int, by: int) -> tuple[pl.DataFrame, Margins]:
    """Users alike but for the plan: the first `by` have `free`, the others `team`."""
    table = users(n, aha=False).with_columns(active_days=1, tenure_days=30)
    names = ["free"] * by + ["team"] * (n - by)
    rows = [(key, "plan", name) for key, name in zip(table["user_key"], names, strict=True)]
    return table, margins(table, pl.DataFrame(rows, VALUES, orient="row"))


def test_shares_of_everybody_are_those_of_the_strata() -> None:
    """Plan free: 1,000, of 100 respondents 80 like; team: 3,000, of 100 respondents 20."""
    table, found = one_plan(4000, 1000)
    answered = pl.concat([table[:100], table[1000:1100]])
    opinion = ["like"] * 80 + ["dislike"] * 20 + ["like"] * 20 + ["neutral"] * 80
    days = [2] * 30 + [0] * 70 + [2] * 5 + [0] * 95
    people = respondents(answered, opinion, days)
    # In the wave's window they use it as often, and everybody as much: 30 % of free, 5 % of team.
    use = [*days[:100], *[2] * 270, *[0] * 630, *days[100:], *[2] * 145, *[0] * 2755]
    access = table.select("user_key").with_columns(days=pl.Series(use))
    told = populations(people, access, found, [2, 1])[2]
    assert told.why == ""
    assert told.shares["like"].estimate == pytest.approx(0.25 * 0.8 + 0.75 * 0.2)
    assert told.shares["dislike"].estimate == pytest.approx(0.25 * 0.2)
    assert told.shares["neutral"].estimate == pytest.approx(0.75 * 0.8)
    assert told.shares["like_not_use"].estimate == pytest.approx(0.25 * 0.5 + 0.75 * 0.15)
    assert told.shares["dislike_use"].estimate == 0
    assert told.weighted is not None
    # Kish: 100 weigh 10, 100 weigh 30.
    assert told.weighted.kish.n_eff == pytest.approx(4000**2 / (100 * 100 + 100 * 900))


def test_respondents_of_one_account_are_worth_fewer() -> None:
    """100 of equal weight; six of one account are all that dislike it and use it."""
    table, found = one_plan(400, 200)
    answered = pl.concat([table[:50], table[200:250]])
    opinion, days = ["dislike"] * 6 + ["like"] * 94, [2] * 6 + [0] * 94
    people = respondents(answered, opinion, days)
    first = pl.Series([at < 6 for at in range(100)])
    people = people.with_columns(
        customer_id=pl.when(first).then(pl.lit("big")).otherwise("customer_id")
    )
    used = [at < 6 or 100 <= at < 118 for at in range(400)]  # 6 % of everybody, as of them
    access = table.select("user_key").with_columns(days=pl.Series([2 * each for each in used]))
    told = populations(people, access, found, [2])[2]
    # 95 customers; residuals of six who all do 5.64, of the others -0.06 each.
    spread = 5.64**2 + 94 * 0.06**2
    effect = 95 / 94 * spread / (100 * 0.06 * 0.94)
    assert told.worth["dislike_use"] == pytest.approx(100 / effect)
    assert told.worth["neutral"] < 100


def test_respondents_that_use_it_more_stand_for_nobody() -> None:
    table, found = one_plan(4000, 2000)
    answered = pl.concat([table[:100], table[2000:2100]])
    people = respondents(answered, ["like"] * 200, [5] * 200)
    users_of_it = set(answered["user_key"])
    days = [5 if key in users_of_it else 0 for key in table["user_key"]]
    access = table.select("user_key").with_columns(days=pl.Series(days))
    told = populations(people, access, found, [2, 1])
    for cut in (1, 2):
        bias = told[cut].bias
        assert bias is not None
        assert bias.verdict == UNLIKE
        assert (told[cut].shares, told[cut].why) == ({}, UNLIKE_ALL)
    assert told[2].use == 0.05
    assert told[2].use_answered == 1.0


def test_few_or_uneven_respondents_stand_for_nobody() -> None:
    table, found = one_plan(4000, 3960)
    few = respondents(table[:25], ["like"] * 25, [0] * 25)
    access = table.select("user_key").with_columns(days=0)
    told = populations(few, access, found, [2])[2]
    assert (told.shares, told.why) == ({}, TOO_UNEVEN)
    assert told.bias is not None
    assert told.bias.verdict == TOO_FEW
    # 30 of plan free weigh 132 each, 400 of 3,600 others ... the other way round: deff above 3.
    table, found = one_plan(4000, 3600)
    answered = pl.concat([table[:30], table[3600:4000]])
    uneven = respondents(answered, ["like"] * 430, [0] * 430)
    access = table.select("user_key").with_columns(days=0)
    told = populations(uneven, access, found, [2])[2]
    assert told.weighted is not None
    assert told.weighted.kish.deff > 3
    assert (told.shares, told.why) == ({}, TOO_UNEVEN)


def test_alike_in_what_they_do() -> None:
    table, found = one_plan(4000, 2000)
    answered = pl.concat([table[:400], table[2000:2400]])
    # The check is of the wave's window, whatever they did in the answer's.
    people = respondents(answered, ["like"] * 800, [5] * 800)
    access = table.select("user_key").with_columns(days=pl.Series([0, 5] * 2000))
    told = populations(people, access, found, [2])[2]
    assert told.bias is not None
    assert told.bias.verdict == ALIKE
    assert told.bias.difference == pytest.approx(0)


def test_accounts_of_several_widen_the_interval() -> None:
    table, found = one_plan(8000, 4000)
    answered = pl.concat([table[:150], table[4000:4150]])
    opinion = (["like"] * 5 + ["dislike"] * 5) * 30
    alone = respondents(answered, opinion, [0] * 300)
    of_five = alone.with_columns(customer_id=pl.Series([f"a{n // 5}" for n in range(300)]))
    access = table.select("user_key").with_columns(days=0)
    wide, narrow = (
        populations(each, access, found, [2])[2].shares["like"] for each in (of_five, alone)
    )
    assert wide.estimate == narrow.estimate == pytest.approx(0.5)
    assert None not in (*wide, *narrow)
    assert wide.hi - wide.lo > 2 * (narrow.hi - narrow.lo)  # type: ignore[operator]
