"""Drawing people to talk to: chances as promised, whatever the order of rows."""

import numpy as np
import polars as pl
import pytest

from funnelkit.jobs.interviews import draw, inclusion, sizes, systematic


def people(
    revenues: dict[str, int | None], *, cell: str = "captive", asked: str = ""
) -> pl.DataFrame:
    """A person of each customer, called as it."""
    names = list(revenues)
    return pl.DataFrame(
        {
            "user_id": names,
            "customer_id": names,
            "cell": cell,
            "segment": "all",
            "revenue_cents": list(revenues.values()),
            "asked_lately": [name in asked for name in names],
        },
        schema_overrides={"revenue_cents": pl.Int64},
    )


def test_a_chance_is_proportional_to_size_until_it_is_certain() -> None:
    # 2 of 1, 1, 2, 6: six would get 1.2 of 2; without it 1 of 1, 1, 2.
    assert inclusion(np.array([1.0, 1, 2, 6]), 2).tolist() == [0.25, 0.25, 0.5, 1.0]
    assert inclusion(np.array([1.0, 3.0]), 5).tolist() == [1.0, 1.0]
    assert inclusion(np.array([1.0, 1, 1, 1]), 2).tolist() == [0.5] * 4


def test_size_is_the_root_of_revenue_and_nobody_counts_for_nothing() -> None:
    assert sizes(pl.Series([400, None, 0, 900, 2_500])).tolist() == [20, 20, 20, 30, 50]
    assert sizes(pl.Series([None, 0], dtype=pl.Int64)).tolist() == [1, 1]


def test_points_one_apart_draw_each_unit_with_its_chance() -> None:
    chance = np.array([0.25, 0.25, 0.5, 1.0])
    starts = (np.arange(1_000) + 0.5) / 1_000
    drawn = [systematic(chance, start) for start in starts]
    assert {len(each) for each in drawn} == {2}
    share = np.bincount(np.concatenate(drawn), minlength=4) / len(starts)
    assert share.tolist() == [0.25, 0.25, 0.5, 1.0]
    assert systematic(np.zeros(0), 0.5).tolist() == []


def test_fractions_that_do_not_sum_to_n_lose_nobody() -> None:
    for n in (3, 7, 9):
        chance = inclusion(np.ones(10) / 3, n)
        for start in (0.0, 1e-16, 0.5, 1 - 1e-16):
            assert len(systematic(chance, start)) == n


def test_over_many_seeds_each_is_drawn_as_often_as_its_probability_says() -> None:
    """1,000 draws: within 4 standard errors of the chance, which is that of sqrt(revenue)."""
    revenue = {"a": 100, "b": 400, "c": 900, "d": 1_600, "e": None}
    frame = people(revenue)
    runs = 1_000
    found = pl.concat(draw(frame, f"seed {run}", each=2).people for run in range(runs))
    counted = dict(found.group_by("user_id").len().rows())
    # Roots 10, 20, 30, 40, and 10 for e: of 110, twice.
    expected = {"a": 20 / 110, "b": 40 / 110, "c": 60 / 110, "d": 80 / 110, "e": 20 / 110}
    told = dict(found.select("user_id", "probability").unique().rows())
    assert told == pytest.approx(expected)
    for name, chance in expected.items():
        error = (chance * (1 - chance) / runs) ** 0.5
        assert abs(counted[name] / runs - chance) < 4 * error, name


def test_an_account_is_heard_once_and_each_of_its_people_has_the_same_chance() -> None:
    names = [f"whale{n}" for n in range(4)]
    whale = people(dict.fromkeys(names, 10**9)).with_columns(customer_id=pl.lit("whale"))
    frame = pl.concat([whale, people({"x": 100, "y": 100})])
    runs = 400
    drawn = [draw(frame, f"seed {run}", each=2).people for run in range(runs)]
    assert all(each["customer_id"].to_list().count("whale") == 1 for each in drawn)
    found = pl.concat(drawn)
    chances = dict(found.select("user_id", "probability").unique().rows())
    assert chances == pytest.approx({**dict.fromkeys(names, 0.25), "x": 0.5, "y": 0.5})
    counted = dict(found.group_by("user_id").len().rows())
    assert all(abs(counted[name] / runs - 0.25) < 4 * (0.1875 / runs) ** 0.5 for name in names)


def test_the_order_of_rows_does_not_matter_and_the_seed_does() -> None:
    frame = people({f"u{n:02}": 100 * n for n in range(1, 41)})
    first = draw(frame, "alerts wave_1", each=9)
    again = draw(frame.sample(fraction=1, shuffle=True, seed=3), "alerts wave_1", each=9)
    assert first.people.rows() == again.people.rows()
    assert first.groups.rows() == again.groups.rows()
    other = draw(frame, "alerts wave_2", each=9)
    assert first.people["user_id"].to_list() != other.people["user_id"].to_list()


def test_those_asked_lately_are_left_out_and_counted() -> None:
    frame = pl.concat(
        [
            people({"a": 1, "b": 2, "c": 3}, asked="b"),
            people({"d": 1, "e": 2}, cell="lip service", asked="de"),
        ]
    )
    drawn = draw(frame, "seed", each=9)
    assert sorted(drawn.people["user_id"]) == ["a", "c"]
    assert drawn.groups.rows() == [
        ("captive", "all", 3, 1, 2, 2),
        ("lip service", "all", 2, 2, 0, 0),
    ]


def test_a_total_is_spread_evenly_as_far_as_there_are_people() -> None:
    frame = pl.concat(
        [
            people({f"a{n}": 1 for n in range(8)}),
            people({"b0": 1, "b1": 1}, cell="lip service"),
            people({f"c{n}": 1 for n in range(5)}, cell="lost"),
        ]
    )

    def counts(total: int) -> list[int]:
        return draw(frame, "seed", each=9, total=total).groups["drawn"].to_list()

    assert counts(1) == [1, 0, 0]
    assert counts(9) == [4, 2, 3]
    assert counts(99) == [8, 2, 5]
    assert draw(frame, "seed", each=4).groups["drawn"].to_list() == [4, 2, 4]
