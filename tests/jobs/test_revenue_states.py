"""Revenue by state, counted by hand, and what small groups do to it."""

import itertools
import random
from collections import Counter, defaultdict

import polars as pl
import pytest

from funnelkit.jobs.revenue_states import Change, State, change, changes

SCHEMA = {"number": pl.Int64, "customer_id": pl.String, "revenue_cents": pl.Int64}


def revenue(*ends: dict[str, int | None]) -> pl.DataFrame:
    rows = [(at, who, cents) for at, end in enumerate(ends) for who, cents in end.items()]
    return pl.DataFrame(rows, SCHEMA, orient="row")


def crowd(prefix: str, number: int, cents: int) -> dict[str, int | None]:
    return {f"{prefix}{at}": cents for at in range(number)}


def test_every_state_by_hand() -> None:
    before = {"a": 100, "b": 200, "c": 300, "d": 400, "e": 0, "f": None, "g": 70}
    now = {"a": 150, "b": 200, "c": 250, "d": 0, "e": 40, "f": 30, "g": None, "h": 20, "i": 0}
    found = change(revenue(before, now), 0, 1)
    assert found.states == {
        "new": State(3, 40 + 30 + 20),  # e paid nothing, f nobody knew, h was not there
        "more": State(1, 150),
        "same": State(1, 200),
        "less": State(1, 250),
        "lost": State(2, 400 + 70),  # what they paid before
    }
    assert found.total == State(6, 690)


def test_credits_are_no_revenue() -> None:
    assert change(revenue({"a": -50}, {"a": 10}), 0, 1).states == {"new": State(1, 10)}
    assert change(revenue({"a": 10}, {"a": -50}), 0, 1).states == {"lost": State(1, 10)}
    assert change(revenue({"a": -5}, {"a": 0}), 0, 1).states == {}


def test_few_that_stayed_stand_with_their_neighbours() -> None:
    before = crowd("same", 20, 100) | crowd("more", 3, 10) | crowd("less", 6, 50)
    now = crowd("same", 20, 100) | crowd("more", 3, 30) | crowd("less", 6, 40)
    (found,) = changes(revenue(before, now), 2, 5)
    assert found.states == {"more or same": State(23, 2_090), "less": State(6, 240)}
    both = crowd("same", 20, 100) | crowd("more", 3, 30) | crowd("less", 2, 40)
    (found,) = changes(revenue(before | crowd("less", 2, 50), both | {
        f"less{at}": 50 for at in range(2, 6)
    }), 2, 5)  # fmt: skip
    assert list(found.states) == ["more, same or less"]
    assert found.total == State(29, 20 * 100 + 3 * 30 + 2 * 40 + 4 * 50)


def test_a_period_in_which_few_are_lost_is_joined_to_the_next() -> None:
    start = crowd("a", 30, 100)
    one = start | crowd("a", 3, 0)
    two = one | {"a3": 0, "a4": 0, "a5": 0}
    found = changes(revenue({}, start, one, two), 4, 5)
    assert [(each.before, each.now) for each in found] == [(0, 1), (1, 3)]
    assert found[1].states == {"same": State(24, 2_400), "lost": State(6, 600)}


def test_the_last_is_joined_to_the_one_before() -> None:
    start = crowd("a", 30, 100)
    found = changes(revenue({}, start, start | crowd("b", 9, 10), start | crowd("b", 11, 10)), 4, 5)
    assert [(each.before, each.now) for each in found] == [(0, 1), (1, 3)]
    assert found[1].states == {"new": State(11, 110), "same": State(30, 3_000)}


def test_by_how_much_few_pay_more_does_not_follow() -> None:
    start = crowd("a", 30, 100)
    few = start | {"a0": 1_450}
    # 3,000 before, 4,350 now: one of them pays 1,350 more.
    assert not changes(revenue(start, few), 2, 5)
    more = few | crowd("a", 5, 200)
    (found,) = changes(revenue(start, few, more), 3, 5)
    assert found is not None
    assert (found.before, found.now) == (0, 2)
    assert found.states == {"more": State(5, 1_000), "same": State(25, 2_500)}
    # Two pay less and three pay more: five, and none of them alone.
    both = start | crowd("a", 3, 130) | {"a3": 50, "a4": 60}
    (found,) = changes(revenue(start, both), 2, 5)
    assert found is not None
    assert list(found.states) == ["more, same or less"]


def test_nothing_is_told_where_too_few_pay() -> None:
    assert changes(revenue({}, crowd("a", 4, 10)), 2, 5) == []
    assert changes(revenue({}, {}), 2, 5) == []


def _told(found: list[Change]) -> list[int]:
    """Every count that is told, or follows from two of them."""
    counts = []
    for each in found:
        counts += [state.customers for state in each.states.values()]
        counts.append(each.total.customers)
    for before, now in itertools.pairwise(found):
        lost = now.states.get("lost", State(0, 0)).customers
        new = now.states.get("new", State(0, 0)).customers
        stayed = before.total.customers - lost
        assert now.total.customers == stayed + new
        counts += [stayed, new, lost]
    return counts


@pytest.mark.parametrize("seed", range(40))
def test_no_small_number_is_told_or_follows(seed: int) -> None:
    rng = random.Random(seed)
    ends: list[dict[str, int | None]] = [{}]
    for _ in range(6):
        now = dict(ends[-1])
        for at in range(rng.choice((2, 8, 30))):
            now[f"c{len(now)}-{at}"] = rng.choice((0, 10, 20))
        for who in rng.sample(sorted(now), min(len(now), rng.randrange(12))):
            now[who] = rng.choice((0, 10, 20, 30))
        ends.append(now)
    found = changes(revenue(*ends), len(ends), 5)
    assert not [count for count in _told(found) if 0 < count < 5]
    if found:
        assert found[-1].now == len(ends) - 1
        assert [each.now for each in found[:-1]] == [each.before for each in found[1:]]
    for each in found:
        truth = _by_hand(ends[each.before], ends[each.now])
        for name, state in each.states.items():
            parts = name.replace(",", "").replace(" or", "").split()
            assert state.customers == sum(truth[part] for part in parts)
        assert truth["more"] + truth["less"] not in range(1, 5)


def _by_hand(before: dict[str, int | None], now: dict[str, int | None]) -> Counter[str]:
    found: Counter[str] = Counter()
    old, new = (defaultdict(int, {k: v or 0 for k, v in each.items()}) for each in (before, now))
    for who in {*before, *now}:
        was, pays = old[who], new[who]
        if was and not pays:
            found["lost"] += 1
        elif pays and not was:
            found["new"] += 1
        elif pays:
            found["more" if pays > was else "less" if pays < was else "same"] += 1
    return found
