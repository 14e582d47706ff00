import pytest

from funnelkit.stats.retention import (
    RetentionCounts,
    all_cohorts,
    days_of,
    retention_table,
    told_week,
    week_of,
)


def cells(
    cohort: str, *rows: tuple[int, int, int, int], value: str | None = None, by: str = "channel"
) -> list[RetentionCounts]:
    """A cohort's weeks: week, entrants, matured, retained."""
    breakdown = None if value is None else by
    return [RetentionCounts("back", cohort, breakdown, value, *row) for row in rows]


OLD = cells("2026-01-05", (0, 10, 10, 9), (1, 10, 10, 6), (2, 10, 10, 4))
# The newest week: two weeks are over for all of it, the third for nobody.
NEW = cells("2026-01-12", (0, 20, 20, 15), (1, 20, 5, 1), (2, 20, 0, 0))


def test_columns_are_those_of_the_command():
    names = ["outcome", "cohort", "breakdown", "value", "week", "matured", "retained"]
    names += ["retention", "retention_lo", "retention_hi", "entrants"]
    assert list(retention_table([]).names) == names


def test_only_what_has_matured_counts():
    shown = retention_table([*OLD, *NEW], cohorts=False)
    assert [row[4:7] for row in shown.rows] == [(0, 30, 24), (1, 15, 7), (2, 10, 4)]
    assert shown.column("retention") == pytest.approx([0.8, 7 / 15, 0.4])
    # Wilson's limits of 4 of 10, as in the worked example of Newcombe's method 3.
    assert shown.column("retention_lo")[2] == pytest.approx(0.168180, abs=1e-6)
    assert shown.column("retention_hi")[2] == pytest.approx(0.687326, abs=1e-6)


def test_cohorts_stand_behind_all_of_them_without_empty_cells():
    shown = retention_table([*NEW, *OLD])
    assert [(row[1], row[4]) for row in shown.rows] == [
        *((None, week) for week in range(3)),
        *(("2026-01-05", week) for week in range(3)),
        *(("2026-01-12", week) for week in range(2)),
    ]
    assert shown.column("entrants") == [30, 30, 30, 10, 10, 10, 20, 20]


def test_the_sums_of_cohorts_are_the_total():
    total = all_cohorts([*OLD, *NEW])
    for week, each in enumerate(total):
        parts = [cell for cell in (*OLD, *NEW) if cell.week == week]
        assert each.matured == sum(cell.matured for cell in parts)
        assert each.retained == sum(cell.retained for cell in parts)


def test_the_finding_is_of_a_week_that_half_have_behind_them():
    shown = retention_table([*OLD, *NEW], entities="users")
    assert shown.headline == (
        "7 of 15 users (46.7 %, 95 % interval 24.8–69.9 %) came back in week 1 "
        "(days 7–13 after the entry)."
    )
    longer = retention_table([*OLD, *NEW[:1], *NEW[1:2]][:3], entities="users")
    assert longer.headline == (
        "4 of 10 users (40.0 %, 95 % interval 16.8–68.7 %) came back in week 2 (days 14–20 after "
        "the entry); in week 1 it was 60.0 % of 10."
    )


def test_later_weeks_are_of_older_cohorts_and_it_says_so():
    told = " ".join(retention_table([*OLD, *NEW]).notes)
    assert "Later weeks are of older cohorts alone" in told
    assert "Later weeks" not in " ".join(retention_table(OLD).notes)


def test_nobody_and_nothing_over():
    nobody = "No users that count here have a whole week behind them."
    assert retention_table([], entities="users").headline == nobody
    young = cells("2026-01-12", (0, 20, 0, 0))
    shown = retention_table(young)
    assert shown.headline == nobody.replace("users", "entities")
    assert (shown.rows, shown.notes) == ((), ())


def split(reached: int, others: int) -> list[RetentionCounts]:
    by = "aha:team"
    return [
        *cells("2026-01-05", (1, 70, 70, 60), (3, 70, 70, reached), value="reached", by=by),
        *cells("2026-01-05", (1, 80, 80, 50), (3, 80, 80, others), value="not reached", by=by),
    ]


def test_reached_and_not_reached_are_compared_and_nothing_is_caused():
    shown = retention_table(split(56, 48), entities="users", cohorts=False)
    assert shown.headline == (
        "Came back in week 3 (days 21–27 after the entry): 80.0 % (95 % interval 69.2–87.7 %, "
        "n = 70) of users that reached team, 60.0 % (95 % interval 49.0–70.0 %, n = 80) of the "
        "others."
    )
    assert shown.notes[-1].startswith("Who reached team goes with who comes back; that reaching it")
    assert "brings them back is not shown" in shown.notes[-1]


def test_values_keep_their_order_and_the_span_is_told():
    counts = [
        *cells("2026-01-05", (1, 50, 50, 10), value="paid"),
        *cells("2026-01-05", (1, 40, 40, 30), value="organic"),
        *cells("2026-01-05", (1, 30, 30, 15), value="partner"),
    ]
    shown = retention_table(counts, entities="users", cohorts=False)
    assert shown.column("value") == ["paid", "organic", "partner"]
    assert "goes from 20.0 % (" in shown.headline
    assert "of paid to 75.0 % (" in shown.headline
    assert shown.headline.endswith(" of organic.")


def test_a_week_is_seven_days_from_the_entry():
    assert [days_of(week) for week in (0, 3)] == ["days 0–6", "days 21–27"]


def test_the_outcomes_own_week_is_told_and_named():
    day = 86_400_000_000
    assert week_of(21 * day, 7 * day, 1) == 3
    assert week_of(20 * day, 7 * day, 1) is None
    assert week_of(21 * day, 14 * day, 1) is None
    assert week_of(21 * day, 7 * day, 2) is None  # retention asks for one event a week
    counts = cells("2026-01-05", (1, 80, 80, 40), (3, 80, 80, 20), (4, 80, 80, 8))
    told = retention_table(counts, own_week=3, entities="users")
    assert told.headline.startswith("20 of 80 users (25.0 %")
    assert "in week 3 (days 21–27 after the entry)" in told.headline
    assert "itself is week 3." in told.notes[0]
    late = retention_table(counts, own_week=9, entities="users")  # not yet over for anybody
    assert "in week 4 " in late.headline
    assert told_week(counts, 3) == 3
    assert told_week([], 3) is None
