"""What of a log a funnel may count."""

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
