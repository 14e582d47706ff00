import json

import pytest

from funnelkit.stats.times import TimeCounts, times_table
from funnelkit.table import to_json

HOUR = 3_600_000_000


def times(*rows: tuple[int, int, int], funnel: str = "f") -> list[TimeCounts]:
    return [TimeCounts(funnel, hours * HOUR, *counts) for hours, *counts in rows]


def test_columns_are_those_of_the_command():
    names = ["funnel", "seconds", "converted_share", "lo", "hi", "at_risk"]
    assert list(times_table([]).names) == names


def test_the_curve_rises_at_conversions_and_ends_at_the_last_time():
    table = times_table(times((1, 5, 0), (2, 0, 5), (3, 5, 0), (4, 0, 5)))
    assert table.column("seconds") == [0.0, 3600.0, 10800.0, 14400.0]
    assert table.column("converted_share") == pytest.approx([0, 0.25, 0.625, 0.625])
    assert table.column("at_risk") == [20, 20, 10, 5]
    assert (table.rows[0][3], table.rows[0][4]) == (None, None)
    assert table.headline == "Half of the entrants have converted by 3 h, 62.5 % by 4 h."
    json.loads(to_json(table))


def test_the_curve_may_start_above_zero():
    table = times_table(times((0, 1, 0), (2, 0, 3)))
    assert table.column("seconds") == [0.0, 7200.0]
    assert table.column("converted_share") == pytest.approx([0.25, 0.25])
    assert table.headline == "25.0 % of entrants have converted by 2 h."


def test_the_curve_starts_at_the_origin_when_somebody_was_seen_for_no_time():
    table = times_table(times((0, 0, 2), (1, 1, 1)))
    assert [row[1:3] + row[5:] for row in table.rows] == [(0.0, 0.0, 4), (3600.0, 0.5, 2)]
    assert times_table(times((0, 0, 2))).rows == (("f", 0.0, 0.0, None, None, 2),)


def test_each_funnel_has_its_own_curve():
    table = times_table([*times((1, 1, 1)), *times((1, 1, 0), funnel="g")])
    assert table.column("funnel") == ["f", "f", "g", "g"]
    assert table.headline == (
        "f: Half of the entrants have converted by 1 h, 50.0 % by 1 h.\n"
        "g: Half of the entrants have converted by 1 h, 100.0 % by 1 h."
    )
    assert table.rows[-1][3:5] == (None, None)


def test_nobody_and_nothing():
    assert times_table([]).rows == ()
    table = times_table(times((0, 0, 0)))
    assert "NaN" not in to_json(table)
