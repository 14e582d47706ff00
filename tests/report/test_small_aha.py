"""Small groups of aha moments and of the search: nobody stands alone, nor by subtraction."""

from hypothesis import given
from hypothesis import strategies as st

from funnelkit.results.search import CELL_COLUMNS, SEARCH_COLUMNS
from funnelkit.results.small_aha import (
    may_be_told,
    reach_periods,
    reach_values,
    retention_periods,
    retention_weeks,
    search_rows,
    stuck_rows,
)
from funnelkit.stats.reach import Stuck, joined
from funnelkit.stats.retention import RetentionCounts
from funnelkit.table import Table
from tests.report.data import week_start
from tests.report.data_aha import group, row

FEWEST = 5
sizes = st.lists(st.integers(1, 12), min_size=1, max_size=8)


@given(sizes)
def test_entry_weeks_are_joined_until_nobody_is_alone(entrants):
    weeks = [group(n, n, n // 2, cohort=week_start(at)) for at, n in enumerate(entrants)]
    made = reach_periods(weeks, FEWEST)
    total, before = joined(made), joined(weeks)
    assert total._replace(times=()) == before._replace(times=())
    assert sorted(total.times) == sorted(before.times)
    if sum(entrants) >= FEWEST:
        assert min(each.entrants for each in made) >= FEWEST
    assert {each.cohort for each in made} <= {each.cohort for each in weeks}


@given(sizes)
def test_values_are_folded_until_nobody_is_alone(entrants):
    values = [group(n, n, n // 2, value=f"v{at}") for at, n in enumerate(entrants)]
    made = reach_values(values, FEWEST)
    assert sum(each.entrants for each in made) == sum(entrants)
    if sum(entrants) >= FEWEST:
        assert min(each.entrants for each in made) >= FEWEST
    if min(entrants) >= FEWEST:
        assert made == values


@given(sizes, st.integers(1, 8))
def test_rows_of_the_stuck_add_up_and_are_few(entities, most):
    rows = [Stuck("a", 1, "step", f"event {at}", n) for at, n in enumerate(entities)]
    made = stuck_rows(rows, FEWEST, most)
    assert sum(each.entities for each in made) == sum(entities)
    assert len(made) <= most + 1
    if sum(entities) >= FEWEST:
        assert min(each.entities for each in made) >= FEWEST


def test_the_rare_among_the_stuck_take_the_next_with_them():
    rows = [Stuck("a", 1, "step", name, n) for name, n in (("x", 40), ("y", 9), ("z", 2))]
    # (other) of z alone would be two people.
    assert stuck_rows(rows, FEWEST, 12) == [rows[0], Stuck("a", None, "(other)", "(other)", 11)]


def test_the_sentence_names_no_few():
    def told(*rows):
        return may_be_told([Stuck("a", 1, "step", name, n) for name, n in rows], FEWEST)

    assert told(("x", 40), ("y", 9))
    assert told(("x", 40), (None, 9))
    assert not told((None, 50), ("met bob", 2))  # the largest row with a next event
    assert not told(("x", 40), (None, 2))
    assert not told(("x", 40), ("y", 2))  # the others are two
    apart = [Stuck("a", 1, "one", "x", 40), Stuck("a", 2, "two", "x", 3)]
    assert not may_be_told(apart, FEWEST)


def test_a_joined_week_stays_whole_where_one_of_its_members_is_young():
    def cell(cohort, week, entrants, matured):
        return RetentionCounts("o", cohort, None, None, week, entrants, matured, 1)

    weeks = [
        *(cell("2026-01-05", week, 20, 20) for week in range(3)),
        *(cell("2026-01-12", week, 4, 4) for week in range(2)),
    ]
    made = {each.week: (each.entrants, each.matured) for each in retention_periods(weeks, FEWEST)}
    # In week 2 only the 20 have matured: beside 24 they would tell the four apart.
    assert made == {0: (24, 24), 1: (24, 24)}


cells = st.lists(
    st.lists(st.integers(0, 14), min_size=3, max_size=3), min_size=1, max_size=6
)  # entry week x week: who is mature


@given(cells)
def test_no_cell_of_retention_can_be_found_by_subtraction(matured):
    counts = [
        RetentionCounts("o", week_start(at), None, None, week, 14, n, n // 2)
        for at, row_ in enumerate(matured)
        for week, n in enumerate(row_)
        if n
    ]
    made = retention_periods(counts, FEWEST)
    for week in range(3):
        shown = [each.matured for each in made if each.week == week]
        whole = sum(each.matured for each in counts if each.week == week)
        assert all(n >= FEWEST for n in shown)
        # What is left of the week's whole is nobody, or enough of them.
        left = whole - sum(shown)
        assert left == 0 or left >= FEWEST or not shown


def test_small_entry_weeks_come_back_with_their_neighbour():
    counts = [
        RetentionCounts("o", week_start(at), None, None, 0, n, n, back)
        for at, (n, back) in enumerate([(3, 1), (20, 5), (30, 9)])
    ]
    made = retention_periods(counts, FEWEST)
    told = [(each.cohort, each.entrants, each.matured, each.retained) for each in made]
    assert told == [(week_start(0), 23, 23, 6), (week_start(2), 30, 30, 9)]


def test_a_week_is_told_of_both_groups_or_of_none():
    counts = [
        RetentionCounts("o", None, "aha:x", value, week, 40, n, 1)
        for week, value, n in ((1, "reached", 5), (1, "not reached", 40), (2, "reached", 4),
                               (2, "not reached", 30), (3, "not reached", 30))
    ]  # fmt: skip
    made = retention_weeks(counts, ["reached", "not reached"], FEWEST)
    assert made == counts[:2]


def test_figures_of_few_are_withheld_and_the_verdict_stays():
    def finding(n, reach):
        return row(
            SEARCH_COLUMNS, event="e", at_least=1, within_days=7, n=n, reach=reach, ppv=0.5,
            verdict="not enough", why="4 of 200 did it.", label="association",
        )  # fmt: skip

    found = [finding(200, 0.02), finding(200, 0.985), finding(200, 0.025), finding(None, None)]
    made = search_rows(Table(SEARCH_COLUMNS, tuple(found)), FEWEST).records()
    assert [each["ppv"] for each in made] == [None, None, 0.5, 0.5]
    assert "4 of 200" not in str(made[:2])
    assert {each["verdict"] for each in made} == {"not enough"}
    cell = row(CELL_COLUMNS, event="e", at_least=1, within_days=7, n=200, reach=0.01, rd=0.5)
    assert search_rows(Table(CELL_COLUMNS, (cell,)), FEWEST).records()[0]["rd"] is None
