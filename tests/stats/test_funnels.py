import json
import subprocess
import sys
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from funnelkit.stats.funnels import (
    PeriodCounts,
    StepCounts,
    funnel_headline,
    many,
    period_state,
    step_rows,
    trend_table,
)
from funnelkit.stats.proportions import wilson
from funnelkit.table import to_csv, to_json, to_markdown

HOUR = 3_600_000_000
TIMES = (HOUR, HOUR, HOUR, HOUR)
LONGER = (1.5 * HOUR, 1.5 * HOUR, 1.5 * HOUR, 1.5 * HOUR)
COLUMNS = [
    *("funnel", "breakdown", "value", "step", "step_name", "entered", "reached", "open", "lost"),
    *("matured", "matured_reached", "conversion", "conversion_lo", "conversion_hi"),
    *("step_conversion", "step_conversion_lo", "step_conversion_hi"),
    *("median_seconds", "p25_seconds", "p75_seconds", "p90_seconds"),
]

# simple_shop, 30 days, first entry: the ends are those of the issue, the middle is made up.
SHOP = [
    StepCounts("shop", None, None, 1, "catalog", 3611, 3611, 0, 0, 1172, 1172),
    StepCounts("shop", None, None, 2, "cart", 3611, 1863, 1000, 748, 1172, 500, *TIMES),
    StepCounts("shop", None, None, 3, "paid", 3611, 605, 900, 358, 1172, 167, *LONGER),
]
NO_WINDOW = [
    StepCounts("shop", None, None, 1, "catalog", 3611, 3611),
    StepCounts("shop", None, None, 2, "cart", 3611, 1924),
    StepCounts("shop", None, None, 3, "paid", 3611, 653),
]


def group(*reached: int, matured: int | None = None, funnel: str = "f", **more: Any):
    """Steps where everybody matured, or whose matured are given and reach like the rest."""
    base = reached[0] if matured is None else matured
    return [
        StepCounts(
            *(funnel, more.get("breakdown"), more.get("value"), no, f"s{no}"),
            *(reached[0], count, 0, 0, base, min(count, base)),
        )
        for no, count in enumerate(reached, 1)
    ]


def test_columns_are_those_of_the_command():
    assert list(step_rows(SHOP).names) == COLUMNS
    assert list(trend_table([]).names) == [*COLUMNS, "period", "period_state"]


def test_conversion_is_of_the_matured():
    first, cart, paid = step_rows(SHOP).records()
    assert first["conversion"] == 1.0
    unsaid = ("conversion_lo", "step_conversion", "step_conversion_hi", "median_seconds")
    assert [first[name] for name in unsaid] == [None] * 4
    assert cart["conversion"] == cart["step_conversion"] == round(500 / 1172, 6)
    assert paid["conversion"] == round(167 / 1172, 6)
    assert paid["step_conversion"] == round(167 / 500, 6)
    # Wilson limits of 167 / 1172 and 167 / 500, computed apart with awk.
    assert (paid["conversion_lo"], paid["conversion_hi"]) == (0.123646, 0.163673)
    assert (paid["step_conversion_lo"], paid["step_conversion_hi"]) == (0.294064, 0.376467)
    assert (cart["median_seconds"], paid["p90_seconds"]) == (3600.0, 5400.0)
    counts = ("entered", "reached", "open", "lost", "matured", "matured_reached")
    assert [paid[name] for name in counts] == [3611, 605, 900, 358, 1172, 167]


def test_without_a_window_conversion_is_of_everybody():
    table = step_rows(NO_WINDOW)
    last = table.records()[-1]
    assert [last[name] for name in ("open", "lost", "matured", "matured_reached")] == [None] * 4
    assert last["conversion"] == round(653 / 3611, 6)
    assert last["step_conversion"] == round(653 / 1924, 6)
    assert table.notes == (
        "No window: nothing is open or lost for good, and conversion is reached / entered.",
    )


def test_nothing_matured_is_null_never_nan():
    table = step_rows(group(5, 3, 1, matured=0))
    for row in table.records():
        rates = [value for name, value in row.items() if "conversion" in name]
        assert rates == [None] * 6
    assert "NaN" not in to_json(table) + to_csv(table) + to_markdown(table)


def test_a_step_after_one_that_nobody_reached_has_no_step_conversion():
    last = step_rows(group(5, 0, 0)).records()[-1]
    assert (last["conversion"], last["step_conversion"]) == (0.0, None)


@pytest.mark.parametrize(
    ("counts", "told"),
    [
        (
            SHOP,
            "Of 1,172 entities whose window has closed, 167 finish (14.2 %, 95 % interval "
            "12.4–16.4 %); the largest loss is before cart: 672 of 1,172 (57.3 %).",
        ),
        (
            NO_WINDOW,
            "Of 3,611 entities, 653 finish (18.1 %, 95 % interval 16.9–19.4 %); "
            "the largest loss is before cart: 1,687 of 3,611 (46.7 %).",
        ),
        (
            group(5, 3, 1, matured=0),
            "No window has closed yet: of 5 entities, 1 finished so far.",
        ),
        (group(0, 0), "No entities entered."),
        (
            group(1, 1),
            "Of 1 entity whose window has closed, 1 finishes (100.0 %, 95 % interval "
            "20.7–100.0 %); none is lost on the way.",
        ),
    ],
)
def test_the_finding_in_one_sentence(counts, told):
    assert step_rows(counts).headline == told


def test_of_equal_losses_the_earliest_is_named():
    assert "before s2: 2 of 6" in funnel_headline(group(6, 4, 2))
    assert "before s3: 3 of 5" in funnel_headline(group(6, 5, 2))


def test_notes_say_the_window_and_who_is_open():
    assert step_rows(SHOP, entities="users", window="30 days").notes == (
        "Window: 30 days from the entry, inclusive.",
        "Still open: the window of 2,439 of 3,611 users closes after the end of the data; 1,900 "
        "may yet go further. Conversions count the 1,172 whose window has closed.",
        "Median: from the step before.",
    )
    assert step_rows(group(5, 3), window="1 day").notes == (
        "Window: 1 day from the entry, inclusive.",
    )


def test_breakdowns_add_rows_but_no_sentence():
    parts = [
        *group(4, 1, breakdown="plan", value="free"),
        *group(2, 1, breakdown="plan", value="x"),
    ]
    table = step_rows([*group(6, 2), *parts], meta={"definition_hash": "abc"})
    assert table.column("value") == [None, None, "free", "free", "x", "x"]
    assert table.column("conversion") == [1.0, 2 / 6, 1.0, 1 / 4, 1.0, 1 / 2]
    assert table.headline == step_rows(group(6, 2)).headline
    assert json.loads(to_json(table))["meta"] == {"definition_hash": "abc"}


def test_several_funnels_say_which():
    table = step_rows([*group(6, 2, funnel="a"), *group(3, 0, matured=1, funnel="b")])
    first, second = table.headline.split("\n")
    assert first.startswith("a: Of 6 entities")
    assert second.startswith("b: Of 1 entity")
    assert [note.split(":")[0] for note in table.notes] == ["b"]


def test_steps_out_of_order_are_refused():
    with pytest.raises(ValueError, match="steps of f are 2, 1, must be 1, 2, 3"):
        step_rows(group(3, 2)[::-1])


@settings(deadline=None)
@given(st.lists(st.integers(0, 1000), min_size=2, max_size=6), st.integers(0, 1000))
def test_rates_are_those_of_the_counts_for_any_funnel(counts, matured):
    reached = sorted(counts, reverse=True)
    base = min(matured, reached[0])
    table = step_rows(group(*reached, matured=base))
    rows = table.records()
    for before, row in pairwise(rows):
        done, previous = int(str(row["matured_reached"])), int(str(before["matured_reached"]))
        for prefix, of in (("conversion", base), ("step_conversion", previous)):
            expected = [None if each is None else round(each, 6) for each in wilson(done, of)]
            assert [row[prefix], row[f"{prefix}_lo"], row[f"{prefix}_hi"]] == expected
    assert table.headline
    json.loads(to_json(table))


WEEKS = [
    *(PeriodCounts("2026-01-05", each) for each in group(10, 2)),
    *(PeriodCounts("2026-01-12", each) for each in group(10, 5)),
    *(PeriodCounts("2026-01-19", each) for each in group(10, 9, matured=4)),
    *(PeriodCounts("2026-01-26", each) for each in group(10, 0, matured=0)),
]


def test_cohorts_carry_their_period_and_whether_it_is_mature():
    table = trend_table(WEEKS, entities="users", window="14 days")
    assert table.column("period")[::2] == ["2026-01-05", "2026-01-12", "2026-01-19", "2026-01-26"]
    assert table.column("period_state")[1::2] == ["mature", "mature", "partial", "open"]
    assert table.column("conversion")[1::2] == [0.2, 0.5, 1.0, None]
    assert table.headline == (
        "2 of 4 cohorts are mature; of these, conversion ranges from 20.0 % (2026-01-05) "
        "to 50.0 % (2026-01-12)."
    )
    assert table.notes == (
        "Window: 14 days from the entry, inclusive.",
        "Not mature: 2 of 4 cohorts, the first 2026-01-19; their conversions count only the users "
        "whose window has closed.",
    )


def test_a_line_a_group_says_what_its_median_is_of():
    timed = [each._replace(median_us=60_000_000) for each in group(10, 5)]
    note = "Median: to s2 from the step before, not from the entry."
    values = [each._replace(breakdown="plan", value="free") for each in timed]
    assert step_rows(timed).notes[-1] == "Median: from the step before."
    assert step_rows([*timed, *values]).notes[-1] == note
    assert trend_table([PeriodCounts("2026-01-05", each) for each in timed]).notes[-1] == note


def test_nothing_is_said_of_conversions_that_are_not_there():
    notes = step_rows(group(5, 3, matured=0), entities="users").notes
    assert notes[0].endswith("may yet go further.")


def test_steps_of_any_order_are_numbers():
    steps = [each._replace(step_name=f"any {each.step} of 3") for each in group(6, 5, 2, matured=6)]
    assert "the largest loss is between 2 and 3 of 3 steps: 3 of 5" in funnel_headline(steps)


def test_one_of_what_is_counted():
    assert many(1, "attempts of users") == "1 attempt of users"
    assert many(1, "values of workspace_ids") == "1 value of workspace_ids"
    assert (many(1, "entities"), many(2, "users")) == ("1 entity", "2 users")


def test_cohorts_in_words_when_few_are_mature():
    assert trend_table([]).headline == ""
    assert trend_table(WEEKS[-2:]).headline == "No cohort is mature yet."
    assert trend_table(WEEKS[2:6]).headline == (
        "1 of 2 cohorts is mature: 50.0 % finish (2026-01-12)."
    )


def test_cohorts_without_a_window_wait_for_nothing():
    table = trend_table([PeriodCounts("2026-01-05", each) for each in NO_WINDOW])
    assert table.column("period_state") == ["mature"] * 3
    assert table.headline == "The only cohort: 18.1 % finish (2026-01-05)."
    assert table.notes == step_rows(NO_WINDOW).notes
    weeks = [PeriodCounts(f"2026-01-{day:02}", each) for day in (5, 12) for each in NO_WINDOW]
    assert trend_table(weeks).headline == (
        "Conversion of 2 cohorts ranges from 18.1 % (2026-01-05) to 18.1 % (2026-01-12)."
    )


@pytest.mark.parametrize(
    ("matured", "state"), [(None, "mature"), (10, "mature"), (9, "partial"), (0, "open")]
)
def test_state_of_a_period(matured, state):
    assert period_state(NO_WINDOW[0]._replace(entered=10, matured=matured)) == state


def test_the_rows_of_a_funnel_import_nothing_heavy():
    code = (
        "import sys, funnelkit.stats.funnels as f\n"
        "f.step_rows([f.StepCounts('f', None, None, step, 'a', 1, 1) for step in (1, 2)])\n"
        "print(*{'scipy', 'numpy', 'polars', 'altair', 'dbt', 'pydantic'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""
