import datetime as dt
import itertools
import math
import random as randoms

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal

from funnelkit.jobs.aha_confirm import Confirmation, Difference, decide
from funnelkit.jobs.aha_rules import CELLS, FINDINGS
from funnelkit.jobs.aha_search import SearchRules, null, search
from tests.jobs.generators import SPECIAL, draw

SMALL = SearchRules(counts=(1, 3), days=(2, 7), salt="s")
MONDAY = dt.date(2025, 1, 6)


def people(outcomes, *, week=None, segment="a", in_hash_half=None):
    """Entrants of one week (so that none is of the newest quarter), four of eight in the hash."""
    n = len(outcomes)
    return pl.DataFrame(
        {
            "entity": pl.Series(range(n), dtype=pl.Int32),
            "week": week or [MONDAY] * n,
            "segment": [segment] * n,
            "outcome": [bool(each) for each in outcomes],
            "in_hash_half": in_hash_half or [number // 4 % 2 == 1 for number in range(n)],
        }
    )


def did(event, who, times=1, days=(2, 7), later=0):
    """Rows of an event done `times` on the first day, and `later` in the landmark's window."""
    return pl.DataFrame(
        [
            {"entity": each, "event": event, "n_alive": later}
            | {f"n_{day}d": times for day in days}
            for each in who
        ],
        schema={"entity": pl.Int32, "event": pl.String, "n_alive": pl.Int64}
        | {f"n_{day}d": pl.Int64 for day in days},
    )


def finding(result, event):
    return result.findings.filter(pl.col("event") == event).row(0, named=True)


def small_world(n=1000, seed=1, events=3, segments=2, weeks=8):
    random = np.random.default_rng(seed)
    entrants = pl.DataFrame(
        {
            "entity": np.arange(n, dtype=np.int32),
            "week": [MONDAY + dt.timedelta(weeks=int(w)) for w in random.integers(0, weeks, n)],
            "segment": random.choice([f"s{number}" for number in range(segments)], n),
            "outcome": random.random(n) < 0.4,
            "in_hash_half": random.random(n) < 0.4,
        }
    )
    frames = []
    for event in range(events):
        short, long, later = random.poisson([[0.9], [0.9], [0.7]], (3, n))
        frames.append(
            pl.DataFrame(
                {
                    "entity": np.arange(n, dtype=np.int32),
                    "event": [f"e{event}"] * n,
                    "n_alive": later,
                    "n_2d": short,
                    "n_7d": short + long,
                }
            ).filter((pl.col("n_7d") > 0) | (pl.col("n_alive") > 0))
        )
    return entrants, pl.concat(frames)


def slow_strata(entrants, exposures, least=20):
    """The design's rule in plain loops, for segments that are large enough alone."""
    alive = set(exposures.filter(pl.col("n_alive") > 0)["entity"].to_list())
    label = {}
    for segment in sorted(set(entrants["segment"].to_list())):
        own = entrants.filter(pl.col("segment") == segment)
        blocks: list[list[dt.date]] = [[]]
        held = 0
        for week in sorted(set(own["week"].to_list())):
            if held >= least:
                blocks.append([])
                held = 0
            blocks[-1].append(week)
            held += sum(entity in alive for entity in own.filter(pl.col("week") == week)["entity"])
        if held < least and len(blocks) > 1:
            blocks[-2] += blocks.pop()
        for number, block in enumerate(blocks):
            for row in own.filter(pl.col("week").is_in(block)).iter_rows(named=True):
                label[row["entity"]] = (segment, number)
    return label, alive


def slow_newest(entrants):
    """The newest weeks: a quarter of the weeks, and of the entrants, at most."""
    every = entrants["week"].to_list()
    weeks = sorted(set(every))
    newest: set[dt.date] = set()
    for week in weeks[::-1][: len(weeks) // 4]:
        if 4 * sum(each in newest | {week} for each in every) > len(every):
            break
        newest.add(week)
    return newest


def slow_half(entrants, in_v):
    newest = slow_newest(entrants)
    return {
        row["entity"]
        for row in entrants.iter_rows(named=True)
        if (row["week"] in newest or row["in_hash_half"]) == in_v
    }


def slow_difference(label, reached, outcome, who):
    """Mantel and Haenszel's difference in float64, entity by entity."""
    top = bottom = 0.0
    for stratum in {label[each] for each in who}:
        own = [each for each in who if label[each] == stratum]
        ones = [outcome[each] for each in own if reached[each]]
        zeros = [outcome[each] for each in own if not reached[each]]
        if ones and zeros:
            weight = len(ones) * len(zeros) / len(own)
            top += weight * (sum(ones) / len(ones) - sum(zeros) / len(zeros))
            bottom += weight
    return top / bottom


def slow_column(label, reached, who, everyone):
    """Who reached a cell, less the share of the stratum: 0 for who is not in the cell."""
    column = dict.fromkeys(everyone, 0.0)
    for stratum in {label[each] for each in who}:
        own = [each for each in who if label[each] == stratum]
        mean = sum(reached[each] for each in own) / len(own)
        column |= {each: reached[each] - mean for each in own}
    return column


def slow_deviation(label, column, outcome):
    """Standard deviation of the score where outcomes are dealt out anew within strata."""
    variance = 0.0
    for stratum in {label[each] for each in column}:
        own = [each for each in column if label[each] == stratum]
        share = sum(outcome[each] for each in own) / len(own)
        spread = sum((outcome[each] - share) ** 2 for each in own) / (len(own) - 1)
        variance += spread * sum(column[each] ** 2 for each in own)
    return math.sqrt(variance)


@pytest.fixture(scope="module")
def world():
    return small_world()


@pytest.fixture(scope="module")
def result(world):
    return search(world[0], world[1], SMALL)


def described(world):
    """Plain dictionaries: strata, who is alive, outcome, times by (event, entity, column)."""
    entrants, exposures = world
    label, alive = slow_strata(entrants, exposures)
    outcome = dict(zip(entrants["entity"], entrants["outcome"], strict=True))
    times = {
        (row["event"], row["entity"], column): row[column]
        for row in exposures.iter_rows(named=True)
        for column in ("n_alive", "n_2d", "n_7d")
    }
    return label, alive, outcome, times


def cell_of(world, event, at_least, days, in_v):
    """Who is in a cell of a half, and who of them reached it."""
    entrants, _ = world
    _, _, _, times = described(world)
    others = {f"e{number}" for number in range(3)} - {event}
    who = {
        each
        for each in slow_half(entrants, in_v)
        if any(times.get((other, each, "n_alive"), 0) for other in others)
    }
    return who, {each: times.get((event, each, f"n_{days}d"), 0) >= at_least for each in who}


def test_cells_equal_a_slow_count(world, result):
    label, alive, outcome, _ = described(world)
    everyone = slow_half(world[0], in_v=False) & alive
    assert len(result.cells) == 9
    for row in result.cells.iter_rows(named=True):
        who, reached = cell_of(world, row["event"], row["at_least"], row["within_days"], in_v=False)
        ones = [outcome[each] for each in who if reached[each]]
        zeros = [outcome[each] for each in who if not reached[each]]
        assert row["n"] == len(who)
        assert row["reach"] == pytest.approx(len(ones) / len(who))
        assert row["rate_with"] == pytest.approx(sum(ones) / len(ones))
        assert row["rate_without"] == pytest.approx(sum(zeros) / len(zeros))
        assert row["rd"] == pytest.approx(slow_difference(label, reached, outcome, who))
        column = slow_column(label, reached, who, everyone)
        score = sum(column[each] * outcome[each] for each in who)
        own = {each: column[each] for each in who}
        assert row["z"] == pytest.approx(score / slow_deviation(label, own, outcome))


def test_cells_are_searched_that_have_enough_in_each_half(world, result):
    _, _, outcome, _ = described(world)
    enough = set()
    for cell in itertools.product(("e0", "e1", "e2"), (1, 3), (2, 7)):
        sizes = []
        for in_v in (False, True):
            who, reached = cell_of(world, *cell, in_v=in_v)
            sizes += [sum(reached.values()), len(who) - sum(reached.values())]
            assert 10 <= sum(outcome[each] for each in who) <= len(who) - 10
        if min(sizes) >= 30:
            enough.add(cell)
    assert set(result.cells.select("event", "at_least", "within_days").rows()) == enough


def test_a_finding_is_of_the_half_that_did_not_choose(world, result):
    _, _, outcome, _ = described(world)
    for row in result.findings.iter_rows(named=True):
        who, reached = cell_of(world, row["event"], row["at_least"], row["within_days"], in_v=True)
        ones = [outcome[each] for each in who if reached[each]]
        assert (row["n"], row["n_confirmation"]) == (len(who), len(who))
        assert row["ppv"] == pytest.approx(sum(ones) / len(ones))
        assert row["base_rate"] == pytest.approx(sum(outcome[each] for each in who) / len(who))
        assert row["reach"] == pytest.approx(len(ones) / len(who))


def test_the_figure_over_all_eligible_knows_no_landmark(world, result):
    label, _, outcome, times = described(world)
    everyone = slow_half(world[0], in_v=True)
    for row in result.findings.iter_rows(named=True):
        column = f"n_{row['within_days']}d"
        reached = {
            each: times.get((row["event"], each, column), 0) >= row["at_least"] for each in everyone
        }
        assert row["rd_all"] == pytest.approx(slow_difference(label, reached, outcome, everyone))
        assert row["n_all"] == len(everyone) > row["n"]


def test_the_chosen_cell_has_the_largest_score_of_its_event(result):
    for event in result.cells["event"].unique():
        own = result.cells.filter(pl.col("event") == event).to_dicts()
        chosen = [row for row in own if row["is_chosen"]]
        assert len(chosen) == 1
        assert abs(chosen[0]["z"]) == max(abs(row["z"]) for row in own)
        row = finding(result, event)
        keys = ("at_least", "within_days")
        assert [row[key] for key in keys] == [chosen[0][key] for key in keys]
        assert row["rd_discovery"] == chosen[0]["rd"]


def test_discovery_p_is_family_wise_over_the_whole_search(world, result):
    # The same in float64 with another generator: outcomes shuffled in strata, 2,000 times.
    label, alive, outcome, _ = described(world)
    everyone = sorted(slow_half(world[0], in_v=False) & alive)
    columns = []
    for row in result.cells.iter_rows(named=True):
        cell = (row["event"], row["at_least"], row["within_days"])
        who, reached = cell_of(world, *cell, in_v=False)
        column = slow_column(label, reached, who, everyone)
        spread = slow_deviation(label, column, outcome)
        columns.append([column[each] / spread for each in everyone])
    random, dealt = randoms.Random(9), []
    strata = {label[each] for each in everyone}
    members = [[at for at, each in enumerate(everyone) if label[each] == own] for own in strata]
    for _ in range(2000):
        one = [0.0] * len(everyone)
        for own in members:
            values = [outcome[everyone[at]] for at in own]
            random.shuffle(values)
            for at, value in zip(own, values, strict=True):
                one[at] = value
        dealt.append(one)
    maxima = np.abs(np.array(columns) @ np.array(dealt).T).max(axis=0)
    for event in ("e0", "e1", "e2"):
        largest = result.cells.filter(pl.col("event") == event)["z"].abs().max()
        expected = (1 + (maxima >= largest).sum()) / 2001
        # Two random shares of 2,000: four standard errors.
        assert finding(result, event)["p_search"] == pytest.approx(expected, abs=0.063)


def test_discovery_is_level_where_others_tell_who_is_alive():
    """All are alive by x, an eighth by y as well, and these alone mostly have the outcome.

    Only these are in the cells of x, which nothing is related to: with the deviation of all the
    alive its z would be too large, and a third of such runs would propose it at p <= 0.05.
    """
    small = 0
    for seed in range(40):
        random = np.random.default_rng(seed)
        n = 2000
        by_y = random.random(n) < 0.12
        entrants = people(random.random(n) < np.where(by_y, 0.5, 0.03))
        times = random.poisson(1.0, n)
        x = pl.DataFrame(
            {"entity": np.arange(n, dtype=np.int32), "event": ["x"] * n}
            | {"n_alive": np.ones(n, np.int64), "n_2d": times, "n_7d": times + 1}
        )
        exposures = pl.concat([x, did("y", np.flatnonzero(by_y).tolist(), times=0, later=1)])
        rules = SearchRules(counts=(1, 2), days=(2,), permutations=200, salt=str(seed))
        p = finding(search(entrants, exposures.drop("n_7d"), rules), "x")["p_search"]
        small += p is not None and p <= 0.05
    assert small <= 6  # of 40 runs at 5 %: more in 1 of 100


def test_halves_are_the_newest_weeks_and_the_hash(world, result):
    assert result.facts.discovery == len(slow_half(world[0], in_v=False))
    assert result.facts.confirmation == len(slow_half(world[0], in_v=True))
    assert result.facts.weeks == 8
    assert result.facts.newest_weeks == len(slow_newest(world[0])) > 0


def test_the_order_of_rows_changes_nothing(world, result):
    entrants, exposures = world
    mixed = search(
        entrants.sample(fraction=1, shuffle=True, seed=3),
        exposures.sample(fraction=1, shuffle=True, seed=4),
        SMALL,
    )
    assert_frame_equal(mixed.findings, result.findings, check_exact=True)
    assert_frame_equal(mixed.cells, result.cells, check_exact=True)
    assert mixed.facts == result.facts


def test_columns_are_those_promised(result):
    assert result.findings.schema == FINDINGS
    assert result.cells.schema == CELLS
    assert set(result.findings["label"]) == {"association"}


def enough(alike=200):
    """Entrants who are all alive by `open`, every fourth with the outcome."""
    n = alike * 2
    return people([number % 4 < 1 for number in range(n)]), did("open", range(n), later=1)


def test_alive_by_the_event_itself_is_not_alive():
    entrants, opened = enough()
    n = len(entrants)
    # Half of them did `e` in the landmark's window, and nothing else there.
    silent = opened.with_columns(
        n_alive=pl.when(pl.col("entity") < n // 2).then(0).otherwise(pl.col("n_alive"))
    )
    row = finding(search(entrants, pl.concat([silent, did("e", range(n), later=1)]), SMALL), "e")
    assert row["n_discovery"] + row["n_confirmation"] == n // 2


@pytest.mark.parametrize(
    ("rules", "why"),
    [
        ({"outcome_events": frozenset({"e"})}, "part of the outcome itself"),
        ({"prerequisites": frozenset({"e"})}, "prerequisite"),
        ({"preceding": {"e": 0.992}}, "99.2 % of those with the outcome did it immediately before"),
    ],
)
def test_what_is_declared_is_set_apart(rules, why):
    entrants, opened = enough()
    exposures = pl.concat([opened, did("e", range(0, 400, 3))])
    assert finding(search(entrants, exposures, SMALL), "e")["verdict"] == "not proposed"
    options = {"counts": (1, 3), "days": (2, 7), "permutations": 50} | rules
    result = search(entrants, exposures, SearchRules(**options))
    row = finding(result, "e")
    assert row["verdict"] == "set apart"
    assert why in row["why"]
    assert row["p_search"] is None
    assert result.cells.filter(pl.col("event") == "e").is_empty()


def test_just_below_99_percent_is_searched():
    entrants, opened = enough()
    exposures = pl.concat([opened, did("e", range(0, 400, 3))])
    rules = SearchRules(counts=(1,), days=(2,), permutations=50, preceding={"e": 0.9899})
    assert finding(search(entrants, exposures, rules), "e")["verdict"] == "not proposed"


@pytest.mark.parametrize(
    ("reachers", "verdict"),
    [(39, "set apart"), (80, "not proposed"), (1900, "not proposed"), (1901, "set apart")],
)
def test_reached_by_nearly_all_or_nearly_nobody_is_set_apart(reachers, verdict):
    # 2,000 alive entrants: reach 0.0195, 0.04, 0.95 and 0.9505.
    entrants = people([number % 5 < 2 for number in range(2000)])
    exposures = pl.concat([did("open", range(2000), later=1), did("e", range(reachers))])
    rules = SearchRules(counts=(1,), days=(2,), permutations=50, level_discovery=0.0)
    row = finding(search(entrants, exposures, rules), "e")
    assert row["verdict"] == verdict
    assert ("nobody to compare with" in row["why"]) == (verdict == "set apart")


@pytest.mark.parametrize(
    ("reachers", "others", "successes", "verdict"),
    [
        (30, 30, 10, "not proposed"),
        (29, 30, 10, "not enough"),
        (30, 29, 10, "not enough"),
        (30, 30, 9, "not enough"),
        (30, 30, 51, "not enough"),
        (30, 30, 50, "not proposed"),
    ],
)
@pytest.mark.parametrize("scarce", ["proposes", "decides"])
def test_each_half_needs_enough(reachers, others, successes, verdict, scarce):
    plenty, few = (40, 40, 20), (reachers, others, successes)
    halves = [few, plenty] if scarce == "proposes" else [plenty, few]
    outcomes: list[bool] = []
    who: list[int] = []
    hashed: list[bool] = []
    for decides, (with_it, without, having) in enumerate(halves):
        n = with_it + without
        who += list(range(len(outcomes), len(outcomes) + with_it))
        # Spread evenly, so that nothing stands out.
        outcomes += [(number * having) // n < ((number + 1) * having) // n for number in range(n)]
        hashed += [bool(decides)] * n
    entrants = people(outcomes, in_hash_half=hashed)
    exposures = pl.concat([did("open", range(len(outcomes)), later=1), did("e", who)])
    rules = SearchRules(counts=(1,), days=(2,), permutations=50, level_discovery=0.0)
    row = finding(search(entrants, exposures, rules), "e")
    assert row["verdict"] == verdict
    assert ("30 entrants who reached it" in row["why"]) == (verdict == "not enough")


def test_a_hundred_entrants_are_not_enough():
    entrants, exposures, _ = draw("null", 100, 1)
    assert set(search(entrants, exposures, SearchRules()).findings["verdict"]) == {"not enough"}


def test_at_most_five_go_on():
    # Eight events that half of those with the outcome do, and nobody else.
    outcomes = [number % 4 < 2 for number in range(800)]
    entrants = people(outcomes)
    having = [number for number, each in enumerate(outcomes) if each]
    events = [did(f"e{number}", having[number % 2 :: 2]) for number in range(8)]
    result = search(entrants, pl.concat([did("open", range(800), later=1), *events]), SMALL)
    assert result.findings["p_holm"].drop_nulls().len() == 5
    left = result.findings.filter(pl.col("p_search") <= 0.2, pl.col("p_holm").is_null())
    assert left["verdict"].to_list() == ["not proposed"] * 3
    assert left["why"].str.contains("5 other events stood out more").all()


def difference(estimate, half_width=0.05, p=0.001):
    return Difference(estimate, half_width / 1.96, estimate - half_width, estimate + half_width, p)


@pytest.mark.parametrize(
    ("there", "rd", "adjusted", "verdict"),
    [
        (0.2, difference(0.2), difference(0.1), "accepted"),
        (-0.2, difference(-0.2), difference(-0.1), "accepted"),
        (0.2, difference(0.2), difference(0.099), "goes with activity"),  # less than half
        (0.2, difference(0.09), difference(0.049), "goes with activity"),  # does not exclude 0
        (0.2, difference(0.2), difference(-0.2), "goes with activity"),
        (0.2, difference(0.2), None, "goes with activity"),
        (-0.2, difference(0.2), difference(0.2), "not confirmed"),  # the other sign
        (0.2, difference(0.2, p=0.0501), difference(0.2), "not confirmed"),
        (0.2, None, None, "not confirmed"),
    ],
)
def test_what_half_v_decides(there, rd, adjusted, verdict):
    assert decide([Confirmation(there, rd, adjusted)], SearchRules())[0][0] == verdict


def test_candidates_pay_for_each_other():
    one = Confirmation(0.2, difference(0.2, p=0.02), difference(0.2))
    two = Confirmation(0.2, difference(0.2, p=0.03), difference(0.2))
    # Holm: 2 x 0.02 = 0.04, and 0.04 at least.
    assert decide([one, two], SearchRules()) == [("accepted", 0.04), ("accepted", 0.04)]
    assert [p for _, p in decide([one, two, two], SearchRules())] == pytest.approx([0.06] * 3)


@pytest.fixture(scope="module")
def planted():
    entrants, exposures, _ = draw("planted", 3300, 5)
    return search(entrants, exposures, SearchRules(salt="5"))


def test_potential_is_what_the_row_says(planted):
    row = finding(planted, SPECIAL)
    assert row["verdict"] == "accepted"
    months = 26 * 7 / (365.25 / 12)
    alive = row["n_discovery"] + row["n_confirmation"]
    expected = (1 - row["reach"]) * row["rd_lo"] * alive / months
    assert row["potential"] == pytest.approx(expected)
    assert row["shrinkage"] == pytest.approx(row["rd"] / row["rd_discovery"])
    others = planted.findings.filter(pl.col("verdict") != "accepted")
    assert others["potential"].is_null().all()


def test_why_says_the_figures(planted):
    row = finding(planted, SPECIAL)
    assert f"+{100 * row['rd']:.1f} pp (95 % +{100 * row['rd_lo']:.1f} to" in row["why"]
    assert f"{row['n']:,} entrants" in row["why"]
    assert f"+{100 * row['rd_adjusted']:.1f} pp" in row["why"]


def test_newer_entrants_that_differ_are_told():
    # It works among the older entrants of V, and not at all among the newest.
    n = 2400
    week = [MONDAY + dt.timedelta(weeks=number % 4) for number in range(n)]
    reached = [number // 4 % 2 == 0 for number in range(n)]
    helped = [
        number // 8 % 10 < (8 if reached[number] and number % 4 < 3 else 3) for number in range(n)
    ]
    entrants = people(
        helped, week=week, in_hash_half=[number // 40 % 2 == 0 for number in range(n)]
    )
    who = [number for number in range(n) if reached[number]]
    exposures = pl.concat([did("open", range(n), later=1), did("e", who)])
    result = search(entrants, exposures, SMALL)
    row = finding(result, "e")
    assert row["p_newer"] < 0.001
    assert "Newer entrants differ (p < 0.001)." in row["why"]
    assert result.facts.newer_differ == row["p_newer"]


def test_only_named_events_are_searched_but_all_tell_who_is_alive(world):
    rules = SearchRules((1, 3), (2, 7), events=frozenset({"e1"}), permutations=50)
    result = search(world[0], world[1], rules)
    assert result.findings["event"].to_list() == ["e1"]
    assert set(result.cells["event"]) == {"e1"}
    assert finding(result, "e1")["n"] == finding(search(world[0], world[1], SMALL), "e1")["n"]


@pytest.mark.parametrize("in_hash_half", [True, False])
@pytest.mark.parametrize("n", [1, 2, 5])
def test_a_half_that_nobody_is_in(n, in_hash_half):
    entrants = people([number % 2 for number in range(n)], in_hash_half=[in_hash_half] * n)
    rows = did("a", range(n), later=1).vstack(did("b", range(n), later=1))
    result = search(entrants, rows, SMALL)
    assert result.findings["verdict"].to_list() == ["not enough", "not enough"]
    assert null(entrants, rows, SMALL, runs=3).accepted_runs == 0


def test_nobody_and_nothing():
    entrants, exposures = small_world(50)
    nobody = search(entrants.clear(), exposures.clear(), SMALL)
    assert (len(nobody.findings), nobody.facts.eligible, nobody.facts.base_rate) == (0, 0, None)
    nothing = search(entrants, exposures.clear(), SMALL)
    assert (len(nothing.findings), nothing.facts.alive) == (0, 0)
    assert null(entrants, exposures.clear(), SMALL, 10).accepted_runs == 0


def test_facts_count_the_verdicts(planted):
    counted = planted.findings["verdict"].value_counts().rows()
    assert {name: n for name, n in planted.facts.verdicts.items() if n} == dict(counted)
    assert planted.facts.min_p == planted.findings["p_search"].min() == pytest.approx(1 / 2001)


def test_the_salt_decides_the_permutations(world):
    again, other = (
        search(world[0], world[1], SearchRules((1, 3), (2, 7), salt=salt)) for salt in ("s", "t")
    )
    assert_frame_equal(
        again.findings, search(world[0], world[1], SearchRules((1, 3), (2, 7), salt="s")).findings
    )
    assert again.findings["p_search"].to_list() != other.findings["p_search"].to_list()
    assert_frame_equal(again.cells, other.cells)


def test_null_accepts_next_to_nothing_and_repeats_itself(world):
    entrants, exposures, _ = draw("planted", 1500, 2)
    rules = SearchRules(salt="n", permutations=400)
    found = null(entrants, exposures, rules, 60)
    assert found == null(entrants, exposures, rules, 60)
    assert found.runs == 60
    assert found.accepted_runs <= 3  # expected 0.6 at most: 0.2 x 0.05 of 60
    assert 0 <= found.discovery_runs <= 9  # expected 3
    assert found.share == found.accepted_runs / 60 < found.hi


def test_null_permutes_the_half_that_decides_too():
    # All events are candidates in every run; the planted one is real in V as it was observed.
    entrants, exposures, _ = draw("planted", 1500, 2)
    rules = SearchRules(salt="n", permutations=100, level_discovery=1.0, most_candidates=20)
    assert null(entrants, exposures, rules, 40).accepted_runs <= 6  # expected 2 at most


def test_null_knows_a_search_that_accepts_too_much():
    # Everything that D proposes is accepted: the runs say so.
    entrants, exposures, _ = draw("planted", 1500, 2)
    rules = SearchRules(
        salt="n", permutations=100, level_discovery=1.0, level=1.0, keeps=-1e9, confidence=0.01
    )
    assert null(entrants, exposures, rules, 20).accepted_runs >= 15


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"counts": (2, 1)}, "counts == "),
        ({"days": ()}, "days == "),
        ({"days": (0, 1)}, "days == "),
        ({"counts": tuple(range(1, 52))}, "at most 50"),
        ({"permutations": 0}, "permutations == 0"),
    ],
)
def test_rules_are_checked(options, told):
    with pytest.raises(ValueError, match="must") as caught:
        SearchRules(**options)
    assert told in str(caught.value)


def test_frames_are_checked(world):
    entrants, exposures = world
    with pytest.raises(ValueError, match="number the entrants from 0"):
        search(entrants.filter(pl.col("entity") != 3), exposures, SMALL)
    with pytest.raises(ValueError, match="runs == 0"):
        null(entrants, exposures, SMALL, 0)
