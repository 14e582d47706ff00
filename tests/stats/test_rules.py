"""Funnel rows under the rules that change who converts from where: optional steps, entries, at."""

import pytest

from funnelkit.stats.funnels import PeriodCounts, StepCounts, step_rows, trend_table
from funnelkit.stats.proportions import Clusters, clustered_wilson, wilson

# 100 enter, the optional tour is taken by 20, 80 invite, 40 pay.
TOUR = [
    StepCounts("f", None, None, 1, "signed_up", 100, 100, 0, 0, 100, 100),
    StepCounts("f", None, None, 2, "tour", 100, 20, None, None, 100, 20, is_optional=True),
    StepCounts("f", None, None, 3, "invite", 100, 80, 5, 15, 100, 80, previous_step=1),
    StepCounts("f", None, None, 4, "paid", 100, 40, 0, 40, 100, 40, previous_step=3),
]


def rounded(*interval: float | None) -> list[float | None]:
    return [None if value is None else round(value, 6) for value in interval]


def test_steps_convert_from_the_last_required_one():
    _, tour, invite, paid = step_rows(TOUR).records()
    assert tour["step_conversion"] == 0.2
    assert (tour["open"], tour["lost"]) == (None, None)
    assert invite["step_conversion"] == 0.8
    limits = [invite["step_conversion_lo"], invite["step_conversion_hi"]]
    assert limits == rounded(*wilson(80, 100)[1:])
    assert (paid["conversion"], paid["step_conversion"]) == (0.4, 0.5)


def test_the_largest_loss_is_not_before_an_optional_step():
    told = step_rows(TOUR).headline
    assert told.endswith("the largest loss is before paid: 40 of 80 (50.0 %).")


def test_what_is_open_is_summed_over_required_steps():
    waiting = [step._replace(matured=90, matured_reached=min(step.reached, 90)) for step in TOUR]
    assert "closes after the end of the data; 5 may yet go further" in step_rows(waiting).notes[0]


def at_step(after: int | None) -> list[StepCounts]:
    values = (100, 80, 40)
    return [
        StepCounts("f", "plan@b", "x", no, name, 100, count, 0, 0, 100, count, after=after)
        for no, name, count in zip((1, 2, 3), "abc", values, strict=True)
    ]


@pytest.mark.parametrize(
    ("after", "conversions", "step_conversions"),
    [
        (None, [1.0, 0.8, 0.4], [None, 0.8, 0.5]),
        (1, [None, 0.8, 0.4], [None, 0.8, 0.5]),
        (2, [None, None, 0.4], [None, None, 0.5]),
        (31, [None] * 3, [None] * 3),
    ],
)
def test_a_value_taken_at_a_step_converts_only_after_it(after, conversions, step_conversions):
    table = step_rows(at_step(after))
    assert table.column("conversion") == conversions
    assert table.column("step_conversion") == step_conversions
    assert [value is None for value in table.column("step_conversion_lo")] == [
        value is None for value in step_conversions
    ]
    assert table.column("reached") == [100, 80, 40]


# Entries per entity: all mature, those that reached b, those that reached c.
ENTITIES = [(4, 3, 2), (1, 1, 0), (5, 0, 0), (2, 2, 2), (3, 1, 1)]


def entries(matured: bool = True) -> list[StepCounts]:
    found = []
    for no, name in enumerate("abc"):
        x = [each[no] for each in ENTITIES]
        m = [each[0] for each in ENTITIES]
        before = [each[max(no - 1, 0)] for each in ENTITIES]
        counts = StepCounts("f", None, None, no + 1, name, sum(m), sum(x))
        if matured:
            counts = counts._replace(open=0, lost=0, matured=sum(m), matured_reached=sum(x))
        found.append(
            counts._replace(
                clusters=len(ENTITIES),
                sum_x2=sum(a * a for a in x),
                sum_xm=sum(a * b for a, b in zip(x, m, strict=True)),
                sum_m2=sum(a * a for a in m),
                sum_xprev=sum(a * b for a, b in zip(x, before, strict=True)),
                sum_prev2=sum(a * a for a in before),
            )
        )
    return found


@pytest.mark.parametrize("matured", [True, False])
def test_intervals_of_entries_are_clustered_by_entity(matured):
    a, b, c = step_rows(entries(matured)).records()
    assert (a["conversion"], a["conversion_lo"]) == (1.0, None)
    # x, m, x², x m, m² by hand: 15 entries, 7 of them reach b, 5 reach c.
    of_all = clustered_wilson(Clusters(5, 5, 15, 9, 4 * 2 + 2 * 2 + 3 * 1, 16 + 1 + 25 + 4 + 9))
    from_b = clustered_wilson(Clusters(5, 5, 7, 9, 3 * 2 + 2 * 2 + 1, 9 + 1 + 4 + 1))
    for prefix, interval in (("conversion", of_all), ("step_conversion", from_b)):
        assert [c[prefix], c[f"{prefix}_lo"], c[f"{prefix}_hi"]] == rounded(*interval)
    assert b["step_conversion"] == b["conversion"] == round(7 / 15, 6)
    assert (b["step_conversion_lo"], b["step_conversion_hi"]) == (
        b["conversion_lo"],
        b["conversion_hi"],
    )
    plain = wilson(5, 15)
    assert float(str(c["conversion_lo"])) < (plain.lo or 0)


def test_entries_say_that_they_cluster():
    # Residuals x - m / 3 in thirds: 2, -1, -5, 4, 0; their squares 46 / 9; c / (c - 1) = 5 / 4;
    # variance 5 / 4 * 46 / 9 / 225 over 2 / 9 / 15 = 1.9.
    assert step_rows(entries(), entities="entries").notes == (
        "Intervals are clustered: the 15 entries come from 5 entities "
        "(design effect 1.9 at the last step).",
    )
    assert "95 % interval" in step_rows(entries(), entities="entries").headline
    cohort = [PeriodCounts("2026-01-05", each) for each in entries()]
    assert trend_table(cohort, entities="entries").notes == (
        "Intervals are clustered: several entries may come from one entity.",
    )


def test_sums_that_are_missing_are_said():
    broken = [each._replace(sum_prev2=None) for each in entries()]
    with pytest.raises(ValueError, match="sums over 5 clusters of b are missing"):
        step_rows(broken)
