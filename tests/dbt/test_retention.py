"""Retention as dbt builds it, against plain loops over the log."""

import datetime as dt
from typing import Any

import pytest

from tests.dbt import aha_oracle as oracle
from tests.dbt import growing as g
from tests.dbt.aha_oracle import WEEK
from tests.dbt.aha_worlds import CLOCKS, OUTCOMES, Told, above_40, moments, named
from tests.dbt.growing import Event, at

SEEDS = [pytest.param(seed, marks=[pytest.mark.long] * (seed > 0)) for seed in range(6)]
_MATCHES = {"back": named("b", "c"), "twice": above_40}  # outcomes of events; no opposites


def _groups(told: Told, clock: oracle.Clock) -> dict[tuple[str, str, int], set[str]]:
    """Entrants by plan, and by every aha moment of the clock: closed windows, since declared."""
    found: dict[tuple[str, str, int], set[str]] = {}
    for entity, entry in oracle.entrants(told.world, clock).items():
        found.setdefault(("plan", told.plan(entity, entry), 0), set()).add(entity)
        found.setdefault(("size", told.size(entity, entry), 0), set()).add(entity)
    for moment in moments(told.world):
        first = next(week for week in range(53) if week * WEEK >= moment.within)
        for entity, row in oracle.reached(told.world, moment).items():
            if moment.clock == clock and row.is_mature and row.is_after_declaration:
                value = "reached" if row.is_reached else "not reached"
                found.setdefault((f"aha:{moment.name}", value, first), set()).add(entity)
    return found


@pytest.mark.parametrize("seed", SEEDS)
def test_retention_is_that_of_plain_loops(tmp_path, seed):
    told = Told(seed)
    opened = told.build(tmp_path / "weeks")
    rows = g.rows(
        opened,
        "select clock, outcome, cohort, breakdown, value, week, entrants, matured, retained"
        " from rpt_retention",
    )
    found = {row[:6]: row[6:] for row in rows}
    assert len(found) == len(rows)
    expected: dict[tuple[Any, ...], tuple[int, int, int]] = {}
    for clock in CLOCKS:
        groups = _groups(told, clock)
        for name, match in _MATCHES.items():
            for cell, counts in oracle.retention(told.world, clock, match, groups).items():
                expected[clock.name, name, *cell] = counts
    assert found == expected
    assert {key[1] for key in expected} == {each.name for each in OUTCOMES if each.name in _MATCHES}
    if told.observed_until == "null":  # else the log ends too early for it
        assert max(key[5] for key, counts in expected.items() if counts[2]) >= 2
        assert any(str(key[3]).startswith("aha:") and row[2] for key, row in expected.items())


LONG = """
observed_until: 2027-02-01
funnels: {f: {steps: [enter, done], window: 1 day}}
outcomes: {back: {event: look, after: 7 days, within: 7 days}}
aha_moments: {soon: {event: look, within: 8 days, funnel: f, declared_on: 2026-01-05}}
"""


def test_weeks_end_before_their_last_instant_and_a_year_is_all(tmp_path):
    opened = g.project(tmp_path / "long", LONG)
    week = {"days": 7}
    looks = {
        "ann": [dt.timedelta(**week), dt.timedelta(days=14, microseconds=-1)],
        "bob": [dt.timedelta(days=52 * 7), dt.timedelta(days=53 * 7)],
        "cid": [dt.timedelta(0)],
    }
    log = []
    for user, times in looks.items():
        # cid enters four days later than the others, and so after the declaration.
        entry = 4 if user == "cid" else 0
        log.append(Event(f"{user}-", user, event_name="enter", occurred_at=at(days=entry)))
        for n, after in enumerate(times):
            moment = (g.START + dt.timedelta(days=entry) + after).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
            log.append(Event(f"{user}{n}", user, event_name="look", occurred_at=moment))
    g.load(opened, "events", "events", log)
    g.build(opened)
    rows = g.rows(
        opened,
        "select week, sum(matured)::int, sum(retained)::int from rpt_retention"
        " where breakdown is null group by week order by week",
    )
    # 1 January 2026 to 1 February 2027: 56 weeks, of which 53 are told. ann twice in week 1 is one;
    # bob in the 53rd, and in the next that is not told.
    assert [week for week, _, _ in rows] == list(range(53))
    assert all(matured == 3 for _, matured, _ in rows)
    assert {week: retained for week, _, retained in rows if retained} == {0: 1, 1: 1, 52: 1}
    by_aha = g.rows(
        opened,
        "select value, min(week), max(entrants) from rpt_retention"
        " where breakdown = 'aha:soon' group by value",
    )
    # A window of eight days is over in the second week: from the third on it is known. ann and bob
    # entered before the declaration.
    assert by_aha == [("reached", 2, 1)]
