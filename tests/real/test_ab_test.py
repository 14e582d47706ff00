"""A shop's test and control group, from its log to the difference; counted again by hand."""

import csv
import datetime as dt
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest

from funnelkit import api
from funnelkit.project.scaffold import write_project

pytestmark = pytest.mark.long
DEFINITIONS = """\
event_properties: {user_backet: varchar}
funnels:
  buy: {steps: [catalog, payment_done], window: 14 days}
experiments:
  backet:
    exposure: [main, catalog, product]
    variant: user_backet
    control: control
    shares: {control: 1, test: 1}
    outcome: {event: payment_done, within: 14 days}
"""


def by_hand(file: Path) -> dict[str, list[int]]:
    """Exposed, mature and converted users by variant."""
    exposed: dict[tuple[str, str], dt.datetime] = {}
    paid = defaultdict(list)
    last = dt.datetime.min
    with file.open(newline="", encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            at = dt.datetime.fromisoformat(row["timestamp"])
            last = max(last, at)
            key = (row["user_id"], row["user_backet"])
            if row["event"] in ("main", "catalog", "product"):
                exposed[key] = min(at, exposed.get(key, at))
            if row["event"] == "payment_done":
                paid[row["user_id"]].append(at)
    window = dt.timedelta(days=14)
    found: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
    for (user, variant), at in exposed.items():
        mature = at + window <= last
        came = any(at <= each < at + window for each in paid[user])
        for place, is_so in enumerate((True, mature, mature and came)):
            found[variant][place] += is_so
    return found


def test_the_difference_of_both_groups(dataset, tmp_path: Path) -> None:
    file = dataset("retentioneering/ab_test_demo.csv")
    write_project(tmp_path, "shop", DEFINITIONS)
    project = api.open(tmp_path)
    project.load("events", [str(file)], mapping={"event_name": "event", "occurred_at": "timestamp"})
    assert project.build().ok
    table = project.experiment()
    rows: dict[Any, Any] = {row["variant"]: row for row in table.records()}
    counted = by_hand(file)
    for variant in ("control", "test"):
        row = rows[variant]
        assert [row[name] for name in ("exposed", "matured", "converted")] == counted[variant]
        assert row["matured"] < row["exposed"]
    # 573 against 554 users of a planned half and half: chi-square 0.32, p = 0.57 with 1 d.f.
    assert [rows[variant]["exposed"] for variant in ("control", "test")] == [573, 554]
    assert rows["test"]["srm_p"] == pytest.approx(0.57, abs=0.005)
    others = counted["not_in_test"][0]
    told = f"Left out of users: {others:,} to a variant that `shares` does not have."
    assert told in table.notes
