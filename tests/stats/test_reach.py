import json
from collections.abc import Sequence
from itertools import product
from random import Random

import pytest

from funnelkit.stats.arrivals import DAY_US, Arrivals
from funnelkit.stats.reach import (
    Led,
    ReachCounts,
    Stuck,
    joined,
    log_rank_of_halves,
    reach_table,
    reach_times,
    stuck_table,
)
from funnelkit.table import to_json

DAY = DAY_US
# Weeks to relapse of Freireich et al. 1963, as in Kleinbaum and Klein, chapter 2.
SIX_MP = [(6, 1)] * 3 + [(6, 0), (7, 1), (9, 0), (10, 1), (10, 0), (11, 0), (13, 1), (16, 1)]
SIX_MP += [(17, 0), (19, 0), (20, 0), (22, 1), (23, 1), (25, 0), (32, 0), (32, 0), (34, 0), (35, 0)]
PLACEBO = [1, 1, 2, 2, 3, 4, 4, 5, 5, 8, 8, 8, 8, 11, 11, 12, 12, 15, 17, 22, 23]


def counts(
    seen: Sequence[tuple[float | None, float]], window: float = 14, cohort: str | None = None
) -> ReachCounts:
    """From days to the aha moment (None: never) and days for which each was seen, by hand."""
    reached = [each for each in seen if each[0] is not None]
    mature = [each for each in seen if each[1] >= window]
    missed = [each for each in mature if each[0] is None]
    return ReachCounts(
        *("aha", cohort, None, None),
        entrants=len(seen),
        matured=len(mature),
        matured_reached=len(mature) - len(missed),
        reached=len(reached),
        open=len(seen) - len(reached) - len(missed),
        not_reached=len(missed),
        times=tuple(
            (int(days * DAY), 1, 0) if days is not None else (int(min(watched, window) * DAY), 0, 1)
            for days, watched in seen
        ),
    )


# Ten users, 14 days: six mature, of whom three reached it; four open, of whom two did (aha.md).
TEN = [(1, 20), (2, 20), (9, 20), (None, 20), (None, 20), (None, 20)]
TEN += [(1, 3), (3, 5), (None, 6), (None, 8)]


def table(*groups: ReachCounts, window: int = 14, **options):
    return reach_table(
        groups, window_us=window * DAY, window=f"{window} days", entities="users", **options
    )


def row(group: ReachCounts, **options):
    return table(group, **options).records()[0]


def test_columns_are_those_of_the_command():
    names = "aha, cohort, breakdown, value, entrants, matured, reached, reach, reach_lo, reach_hi, "
    names += "km_reach, km_lo, km_hi, bound_lo, bound_hi, state, median_days"
    assert list(table().names)[:17] == names.split(", ")


def test_ten_users_of_whom_four_are_open():
    found = row(counts(TEN))
    assert (found["entrants"], found["matured"], found["reached"]) == (10, 6, 3)
    assert found["reach"] == 0.5  # never (3 + 2) / (6 + 2): the early stand beside no failures
    assert found["km_reach"] == pytest.approx(0.55)
    assert (found["bound_lo"], found["bound_hi"]) == (0.5, 0.7)
    assert (found["reached_so_far"], found["open"], found["not_reached"]) == (5, 2, 3)
    # 0.5 ± z sqrt(6 / 4 + z² / 4) / (6 + z²), z = 1.959964.
    assert found["reach_lo"] == pytest.approx(0.187616, abs=1e-6)
    assert found["reach_hi"] == pytest.approx(0.812384, abs=1e-6)


def test_the_finding_says_of_whom_it_is():
    shown = table(counts(TEN))
    assert shown.headline == (
        "3 of 6 users whose 14 days have passed reached aha (50.0 %, 95 % interval 18.8–81.2 %); "
        "2 more still have time."
    )
    told = " ".join(shown.notes)
    assert "The reach is provisional: the 14 days of 6 of 10 users (60.0 %) have passed." in told
    assert "2 more reached it already, but their 14 days are not over" in told
    assert "between 50.0 % and 70.0 %" in told
    one = table(counts([(1, 20), (None, 2)])).headline
    assert one.endswith("1 more still has time.")
    done = table(counts([(1, 20), (None, 20)])).headline
    assert "still" not in done


@pytest.mark.parametrize(("mature", "state"), [(8, "final"), (7, "provisional"), (10, "final")])
def test_four_in_five_make_it_final(mature, state):
    seen = [(1.0, 20.0)] * mature + [(None, 1.0)] * (10 - mature)
    assert row(counts(seen))["state"] == state


def test_nobody_and_nobody_mature():
    empty = table(counts([]))
    assert empty.headline == "No users entered."
    assert empty.notes == ()
    assert [empty.records()[0][name] for name in ("reach", "km_reach", "bound_lo", "state")] == (
        [None] * 4
    )
    early = table(counts([(1, 3), (None, 5)]))
    assert early.headline == ("Nobody's 14 days have passed yet: of 2 users, 1 reached aha so far.")
    # Nobody was seen for the whole window: what the curve would say of it is not known.
    found = early.records()[0]
    assert (found["reach"], found["km_reach"], found["bound_lo"], found["bound_hi"]) == (
        *(None, None),
        *(0.5, 1.0),
    )
    json.loads(to_json(early))


def test_the_window_is_half_open():
    last = Arrivals(((14 * DAY - 1, 1, 0), (14 * DAY, 0, 1)), 14 * DAY)
    assert last.within.estimate == 0.5
    late = Arrivals(((14 * DAY, 1, 1),), 14 * DAY)
    assert late.within.estimate == 0
    assert Arrivals(((DAY, 2, 0),), 14 * DAY).within.estimate == 1  # all are there: nothing to wait


def test_kaplan_meier_of_random_entrants_by_hand():
    random = Random(5)
    for _ in range(50):
        seen = []
        for _ in range(random.randint(1, 30)):
            watched = random.randint(0, 20)
            at = random.randint(0, 13)
            seen.append((at if at <= watched and random.random() < 0.6 else None, watched))
        survival, known = 1.0, max((min(w, 14) for a, w in seen if a is None), default=0)
        for day in range(14):
            leaving = [a if a is not None else min(w, 14) for a, w in seen]
            at_risk = sum(each >= day for each in leaving)
            gone = sum(a == day for a, _ in seen)
            survival *= 1 - gone / at_risk if at_risk else 1
        found = row(counts(seen))["km_reach"]
        if known == 14 or survival == 0:
            assert found == pytest.approx(1 - survival, abs=1e-6)
        else:
            assert found is None or known == 13


def test_the_median_is_of_all_entrants_with_its_interval():
    # The 6-MP arm: half have relapsed by week 23, log-log limits from 13 on (SAS LIFETEST).
    seen = [(t if event else None, 40 if event else t) for t, event in SIX_MP]
    group = counts(seen, window=40)._replace(
        times=tuple((t * DAY, event, 1 - event) for t, event in SIX_MP)
    )
    found = row(group, window=40)
    assert (found["median_days"], found["median_lo"], found["median_hi"]) == (23, 13, None)
    shown = table(group, window=40)
    assert shown.meta["time_to_aha"]["median"] == {"days": 23, "lo": 13, "hi": None}
    assert "half by 23 d (13 d to not reached)" in " ".join(shown.notes)


def test_half_never_there_is_not_a_median():
    # The median of the three that reached it would be two days.
    found = row(counts([(1, 20), (2, 20), (3, 20)] + [(None, 20)] * 7))
    assert found["median_days"] is None
    notes = " ".join(table(counts([(1, 20), (2, 20), (3, 20)] + [(None, 20)] * 7)).notes)
    assert "a quarter by 3 d" in notes
    assert "fewer than half within 14 days" in notes
    assert "Reached: 0.0 % by day 1, 20.0 % by day 3, 30.0 % by day 7, 30.0 % by day 14." in notes


def cohort(week: int, rows: list[tuple[int, int]]) -> ReachCounts:
    times = tuple((day * DAY, event, 1 - event) for day, event in rows)
    empty = counts([], cohort=f"2026-01-{5 + 7 * week:02}")
    return empty._replace(entrants=len(rows), times=times)


def test_older_against_newer_weeks_is_the_published_log_rank():
    # Kleinbaum and Klein: chi-square 16.79, one degree of freedom.
    placebo = [(week, 1) for week in PLACEBO]
    weeks = [cohort(0, SIX_MP[:9]), cohort(1, SIX_MP[9:])]
    weeks += [cohort(2, placebo[:10]), cohort(3, placebo[10:])]
    assert log_rank_of_halves(weeks) == pytest.approx(4.17e-5, abs=3e-7)
    by_date = [weeks[number] for number in (2, 0, 3, 1)]
    assert log_rank_of_halves(by_date) == log_rank_of_halves(weeks)
    # Of three weeks the middle one is with the older.
    three = [cohort(0, SIX_MP[:9]), cohort(1, SIX_MP[9:]), cohort(2, placebo)]
    assert log_rank_of_halves(three) == pytest.approx(4.17e-5, abs=3e-7)
    assert log_rank_of_halves(weeks[:1]) is None
    assert log_rank_of_halves([]) is None


@pytest.mark.parametrize(("p", "told"), [(0.049, True), (0.05, False), (None, False)])
def test_a_curve_over_different_cohorts_is_told(p, told):
    shown = table(counts(TEN), mixed_p=p)
    assert ("KM mixes cohorts" in " ".join(shown.notes)) == told
    # Where all have matured nothing is mixed: reach counts everybody alike.
    done = table(counts([(1, 20), (None, 20)]), mixed_p=p)
    assert "KM mixes cohorts" not in " ".join(done.notes)


def test_the_outcome_goes_with_it_and_is_not_caused_by_it():
    # Newcombe 1998, Table II (a): 56 of 70 and 48 of 80 differ by 0.0524 to 0.3339.
    led = Led("stayed", "2026-03-01", 70, 56, 80, 48, waiting=3, ineligible=2)
    shown = table(counts(TEN), led=led)
    assert shown.notes[0] == (
        "stayed holds for 56 of 70 users that reached aha (80.0 %, 95 % interval 69.2–87.7 %) and "
        "for 48 of the 80 others (60.0 %, 95 % interval 49.0–70.0 %), entered since 2026-03-01: "
        "+20.0 pp, 95 % interval +5.2 to +33.4 pp. Reaching it goes with the outcome; that it "
        "causes it is not shown."
    )
    assert "3 whose outcome window is still open and 2 that had converted" in shown.notes[1]
    assert "declared_on" not in " ".join(shown.notes)
    assert shown.meta["outcome"]["lo"] == pytest.approx(0.0524, abs=1e-4)
    assert shown.meta["outcome"]["label"] == "association"
    undated = table(counts(TEN), led=led._replace(since=None))
    assert "has no declared_on" in " ".join(undated.notes)
    nobody = table(counts(TEN), led=led._replace(reachers=0, reachers_happened=0))
    assert "stayed holds" not in " ".join(nobody.notes)


def test_groups_joined_are_the_group_of_all():
    parts = [counts(TEN[:4], cohort="2026-01-05"), counts(TEN[4:], cohort="2026-01-12")]
    whole = joined(parts)
    assert row(whole) == row(counts(TEN))
    assert whole.is_everybody
    assert not parts[0].is_everybody
    with pytest.raises(ValueError, match="no group"):
        joined([])


def test_everybody_gives_the_headline_wherever_the_row_stands():
    groups = [counts(TEN[:4], cohort="2026-01-05"), counts(TEN)]
    assert table(*groups).headline == table(counts(TEN)).headline
    assert table(groups[0]).headline == ""


def test_the_curve_and_its_finding():
    shown = reach_times(counts(TEN), window_us=14 * DAY, window="14 days", entities="users")
    assert shown.names == ("aha", "seconds", "reached_share", "lo", "hi", "at_risk")
    assert shown.column("seconds") == [86400 * day for day in (0, 1, 2, 3, 9, 14)]
    assert shown.column("reached_share") == pytest.approx([0, 0.2, 0.3, 0.4, 0.55, 0.55])
    assert shown.column("at_risk") == [10, 10, 8, 7, 4, 3]
    assert shown.headline.startswith("Half of the users reach aha by 9 d (")
    assert shown.headline.endswith("55.0 % within 14 days.")
    few = reach_times(counts([(1, 20), (None, 20), (None, 20)]), window_us=14 * DAY, window="w")
    assert few.headline == (
        "33.3 % of entities reach aha within w: fewer than half, so there is no median."
    )
    early = reach_times(counts([(None, 2)]), window_us=14 * DAY, window="w")
    assert early.headline == "Nobody was seen for w yet; fewer than half reached aha so far."
    assert reach_times(counts([]), window_us=DAY, window="w").headline == "No entities entered."


def test_where_the_others_stayed():
    total = counts([(None, 20)] * 10 + [(1, 20)] * 5 + [(None, 1)] * 3)
    rows = [
        Stuck("aha", 1, "signed_up", None, 3),
        Stuck("aha", 2, "connected", "help", 4),
        Stuck("aha", 1, "signed_up", "login", 2),
        Stuck("aha", 2, "connected", None, 1),
    ]
    shown = stuck_table(rows, total=total, window="14 days", entities="users")
    assert shown.column("entities") == [4, 3, 2, 1]
    assert shown.column("share") == [0.4, 0.3, 0.2, 0.1]  # of the ten, not of all or of the open
    assert shown.column("next_event") == ["help", "(nothing more)", "login", "(nothing more)"]
    assert shown.headline == (
        "Of 10 users that did not reach aha in 14 days, the largest group, 5 (50.0 %), stood at "
        "signed_up, and 4 did nothing more; else, what came next most often was help after "
        "connected: 4 of all 10 (40.0 %, 95 % interval 16.8–68.7 %)."
    )
    assert "after the one that took them to the step" in shown.notes[0]
    without = stuck_table(
        [Stuck("aha", None, None, None, 10)], total=total, window="14 days", entities="users"
    )
    assert without.headline == (
        "Of 10 users that did not reach aha in 14 days, none did anything more in that time."
    )
    assert "after the entry" in without.notes[0]
    all_there = stuck_table([], total=counts([(1, 20)]), window="14 days", entities="users")
    assert all_there.headline == "No users whose 14 days have passed failed to reach aha."


def test_the_rows_do_not_depend_on_the_order_of_equal_times():
    times = [(DAY, 1, 0), (DAY, 0, 1), (2 * DAY, 1, 0), (14 * DAY, 0, 2)]
    group = counts(TEN)
    found = {
        str(table(group._replace(times=tuple(times[i] for i in order))).rows)
        for order in product(range(4), repeat=4)
        if len(set(order)) == 4
    }
    assert len(found) == 1
