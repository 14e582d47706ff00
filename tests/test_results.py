"""Groups too small for a committed report: nobody stands there alone, nor by subtraction."""

from funnelkit.results import folded, merged
from funnelkit.stats.funnels import PeriodCounts, StepCounts


def group(value: str | None, entered: int, reached: int) -> list[StepCounts]:
    """A funnel of two steps; half of those who do not get there are still open."""
    left = entered - reached
    first = StepCounts("f", "plan", value, 1, "a", entered, entered, 0, 0, entered, entered)
    second = StepCounts(
        "f", "plan", value, 2, "b", entered, reached, left // 2, left - left // 2, entered, reached,
        60, 30, 90, 120,
    )  # fmt: skip
    return [first, second]


def values(*groups: tuple[str, int, int]) -> list[StepCounts]:
    return [counts for each in groups for counts in group(*each)]


def entered(counts: list[StepCounts]) -> dict[str | None, int]:
    return {each.value: each.entered for each in counts}


def test_large_values_stay_as_they_are():
    counts = values(("x", 20, 3), ("y", 5, 5))
    assert folded(counts, 5) == counts


def test_small_values_stand_together_and_sums_stay():
    counts = values(("x", 20, 3), ("y", 3, 1), ("z", 2, 2))
    found = folded(counts, 5)
    assert entered(found) == {"x": 20, "(other)": 5}
    other = found[-1]
    assert (other.reached, other.open, other.lost, other.matured_reached) == (3, 1, 1, 3)
    assert (other.median_us, other.p90_us) == (None, None)
    for name in ("entered", "reached", "open", "lost", "matured", "matured_reached"):
        for step in (1, 2):
            sums = [
                sum(getattr(each, name) for each in side if each.step == step)
                for side in (counts, found)
            ]
            assert sums[0] == sums[1]


def test_one_small_value_takes_the_next_smallest_with_it():
    # Alone it would be the total less the others.
    found = folded(values(("x", 20, 3), ("y", 9, 4), ("z", 2, 1)), 5)
    assert entered(found) == {"x": 20, "(other)": 11}


def test_what_is_already_other_holds_the_small_ones():
    found = folded(values(("x", 20, 3), ("y", 2, 1), ("(other)", 7, 2)), 5)
    assert entered(found) == {"x": 20, "(other)": 9}


def weeks(*sizes: int) -> list[PeriodCounts]:
    return [
        PeriodCounts(f"2026-01-{5 + 7 * week:02}", counts)
        for week, size in enumerate(sizes)
        for counts in group(None, size, size // 2)
    ]


def cohorts(periods: list[PeriodCounts]) -> list[tuple[str, int]]:
    return [(each.period, each.counts.entered) for each in periods if each.counts.step == 1]


def test_a_small_cohort_joins_the_next_and_the_last_the_one_before():
    found = merged(weeks(2, 1, 9, 6, 3), 5)
    assert cohorts(found) == [("2026-01-05", 12), ("2026-01-26", 9)]
    assert [each.counts.reached for each in found if each.counts.step == 2] == [5, 4]
    assert found[0].counts.value is None


def test_large_cohorts_keep_their_times():
    periods = weeks(9, 6)
    assert merged(periods, 5) == periods


def test_five_attempts_of_one_person_are_one_person():
    attempts = [
        each._replace(clusters=clusters)
        for value, clusters in (("x", 6), ("y", 1))
        for each in group(value, 10, 5)
    ]
    assert entered(folded(attempts, 5)) == {"x": 10, "y": 10}  # were they entities
    assert entered(folded(attempts, 5, of_attempts=True)) == {"(other)": 20}
    periods = [PeriodCounts(f"2026-01-0{n}", each) for n, each in enumerate(attempts[::2], 1)]
    assert [each.period for each in merged(periods, 5, of_attempts=True)] == ["2026-01-01"]
    assert len(merged(periods, 5)) == 2
