"""What of a log a funnel may count."""

import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from funnelkit import api

HEAD = "event_id,user_id,event_name,occurred_at,received_at\n"


@pytest.mark.parametrize("options", [{}, {"explain": "u"}, {"next_after": "a"}])
def test_of_an_id_the_first_received_stays_whatever_its_name(tmp_path: Path, options: Any):
    log = tmp_path / "log.csv"
    log.write_text(
        f"{HEAD}1,u,a,2026-01-01,2026-01-01\n"
        "2,u,x,2026-01-02,2026-01-02\n2,u,b,2026-01-02,2026-01-03\n"
    )
    rows = api.explore([str(log)], api.parse_steps(["a", "b"]), **options).records()
    told = {
        "explain": [row.get("event") for row in rows] == ["a", "x"],
        "next_after": [row.get("event") for row in rows] == ["x"],
        "steps": [row.get("reached") for row in rows] == [1, 0],
    }
    assert told[next(iter(options), "steps")]


def test_ids_that_stand_once_change_nothing(tmp_path: Path):
    log = tmp_path / "log.csv"
    log.write_text(
        f"{HEAD}1,u,a,2026-01-01,\n2,u,b,2026-01-02,\n,u,b,2026-01-03,\n,u,b,2026-01-03,\n"
    )
    steps = api.parse_steps(["a", "b", "again=b", "last=b"])
    # Without an id equal rows are one event.
    assert [row["reached"] for row in api.explore([str(log)], steps).records()] == [1, 1, 1, 0]


# Twenty lanes of one user that end at one instant; lane n began n hours before it.
LANES = [
    f"u,{event},2026-01-01T{20 - hours:02}:00:00Z,{lane}"
    for lane in range(1, 21)
    for event, hours in (("a", lane), ("b", 0))
]


def held_hours(folder: Path, head: str, rows: list[str]) -> float:
    """The hours from a to b of the lane that counts."""
    log = folder / "log.csv"
    log.write_text("\n".join([f"{head}user_id,event_name,occurred_at,lane", *rows, ""]))
    table = api.explore([str(log)], api.parse_steps(["a", "b"]), hold=["lane"])
    seconds = table.records()[-1]["median_seconds"]
    assert isinstance(seconds, float)
    return seconds / 3600


def shuffled(rows: list[str]) -> Iterator[list[str]]:
    dice = random.Random(4)
    yield from (rows, rows[::-1], *(dice.sample(rows, len(rows)) for _ in range(3)))


def test_which_of_simultaneous_lanes_counts_does_not_follow_the_order_of_rows(tmp_path: Path):
    assert len({held_hours(tmp_path, "", rows) for rows in shuffled(LANES)}) == 1


@pytest.mark.parametrize("lane", [1, 7, 20])
def test_of_simultaneous_lanes_that_of_the_lowest_event_id_counts(tmp_path: Path, lane: int):
    first = f",{lane}"
    numbered = [
        f"{'0' if row.endswith(first) else '1'}-{row.replace(',', '-')},{row}" for row in LANES
    ]
    found = {held_hours(tmp_path, "event_id,", rows) for rows in shuffled(numbered)}
    assert found == {float(lane)}
