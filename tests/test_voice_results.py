"""NPS, opportunities and interviews on the built sample, against a reading of its seeds."""

import datetime as dt
import re
from collections import Counter, defaultdict
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from funnelkit.api import Project
from funnelkit.errors import FunnelkitError
from funnelkit.table import Table
from tests.conftest import ROOT
from tests.sample.reader import Company, instant, read_company

ZONE = ZoneInfo("Europe/Berlin")
WAVES = {
    "wave_1": (dt.date(2026, 4, 1), dt.date(2026, 4, 7)),
    "wave_2": (dt.date(2026, 6, 15), dt.date(2026, 6, 21)),
}


@pytest.fixture(scope="module")
def company() -> Company:
    return read_company(ROOT / "seeds")


def records(table: Table) -> list[dict[str, Any]]:
    return [dict(row) for row in table.records()]


def scores(company: Company, wave: str) -> dict[str, tuple[dt.datetime, float]]:
    """When each user gave the latest score of a wave, and which."""
    first, last = WAVES[wave]
    found: dict[str, tuple[dt.datetime, float]] = {}
    for row in company.feedback:
        at = instant(row["submitted_at"])
        if row["kind"] != "nps" or at is None or not first <= at.astimezone(ZONE).date() <= last:
            continue
        if row["user_id"] not in found or at > found[row["user_id"]][0]:
            found[row["user_id"]] = at, float(row["score"])
    return found


def kinds(values: list[float]) -> tuple[int, int, int, int]:
    """Answers, promoters, passives, detractors."""
    high, low = sum(v >= 9 for v in values), sum(v <= 6 for v in values)
    return len(values), high, len(values) - high - low, low


def counted(row: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(row[name] for name in ("n", "promoters", "passives", "detractors"))


def test_nps_is_what_the_seeds_hold(built_sample: Project, company: Company) -> None:
    rows = records(built_sample.nps())
    assert [row["wave"] for row in rows] == ["wave_1", "wave_2"]
    for row in rows:
        said = kinds([score for _, score in scores(company, row["wave"]).values()])
        assert counted(row) == said
        assert row["nps"] == pytest.approx((said[1] - said[3]) / said[0], abs=1e-6)
        assert row["lo"] < row["nps"] < row["hi"]
    assert rows[0]["difference"] is None
    assert rows[1]["difference"] == pytest.approx(rows[1]["nps"] - rows[0]["nps"], abs=2e-6)
    assert rows[1]["before"] == "wave_1"


def test_values_are_those_of_the_answer_and_sum_to_everybody(
    built_sample: Project, company: Company
) -> None:
    total, *values = records(built_sample.nps(by="plan"))
    said = scores(company, "wave_2")
    plans = company.property_at("plan", {user: at for user, (at, _) in said.items()})
    groups = defaultdict(list)
    for user, plan in plans.items():
        groups[plan].append(said[user][1])
    assert {row["value"]: counted(row) for row in values} == {
        plan: kinds(mine) for plan, mine in groups.items()
    }
    assert sum(row["n"] for row in values) == total["n"]
    for row in values:
        # Fewer than thirty answers are no score.
        assert (row["nps"] is None) == (row["n_eff"] < 30)
    q = [row["q_value"] for row in values if row["p_value"] is not None]
    assert q
    assert all(row["q_value"] >= row["p_value"] for row in values if row["p_value"] is not None)


def test_impact_is_all_less_those_who_name_no_theme(built_sample: Project) -> None:
    total = records(built_sample.nps(wave="wave_2"))[0]
    for row in records(built_sample.nps(themes=True)):
        assert row["n"] == total["n"]
        assert row["nps_all"] == total["nps"]
        assert row["impact"] == pytest.approx(row["nps_all"] - row["nps_without"], abs=2e-6)
        assert row["lo"] <= row["impact"] <= row["hi"]


def test_steps_are_lost_as_the_funnel_says(built_sample: Project) -> None:
    steps = records(built_sample.funnel("activation"))
    expected = {
        f"lost before {after['step_name']}": (
            before["matured_reached"],
            before["matured_reached"] - after["matured_reached"],
        )
        for before, after in pairwise(steps)
    }
    rows = [row for row in records(built_sample.opportunities()) if row["kind"] == "step"]
    assert {row["problem"]: (row["eligible"], row["affected"]) for row in rows} == expected


def test_features_are_affected_as_the_gaps_say(built_sample: Project) -> None:
    rows = [row for row in records(built_sample.opportunities()) if row["kind"] == "feature"]
    gaps = {row["feature"]: row for row in _own_cut(records(built_sample.gaps()))}
    assert {row["name"] for row in rows} == {"alerts", "exports", "sharing"}
    for row in rows:
        gap = gaps[row["name"]]
        name = {"captive": "dislike_use", "lip service": "like_not_use"}[row["problem"]]
        if row["holds_for"] == "everybody":
            share = gap[f"pop_{name}"], gap[f"pop_{name}_lo"], gap[f"pop_{name}_hi"]
            assert (row["affected_share"], row["lo"], row["hi"]) == share
            assert row["eligible"] == gap["eligible"]
        # Of those who answered: all with access, which the gaps need not ask for.
        cell = {"captive": "captive", "lip service": "lip_service"}[row["problem"]]
        assert gap[cell] is None or row["affected"] <= gap[cell]


def _own_cut(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    first: dict[str, dict[str, Any]] = {}
    for row in rows:
        first.setdefault(row["feature"], row)
    return list(first.values())


def test_what_is_at_stake_is_share_times_revenue_times_severity(built_sample: Project) -> None:
    rows = records(built_sample.opportunities())
    ranked = [row for row in rows if row["tier"] is not None]
    assert ranked[0]["name"] == "exports"  # planted: praised by 80 %, used by few
    assert ranked[0]["problem"] == "lip service"
    for row in ranked:
        stake = row["lo"] * row["eligible_revenue_cents"] * row["severity"]
        assert row["value_cents"] == pytest.approx(stake, abs=20)
        assert row["rank_lo"] <= row["rank_hi"] <= len(ranked)
    estimates = [row["estimate_cents"] for row in ranked]
    assert estimates == sorted(estimates, reverse=True)
    assert [row["tier"] for row in ranked] == sorted(row["tier"] for row in ranked)


def test_a_segment_stands_alone_and_a_property_beside_everybody(built_sample: Project) -> None:
    rows = records(built_sample.opportunities(by="plan"))
    everybody = Counter(row["segment"] for row in rows)
    assert everybody == dict.fromkeys((None, "plan = business", "plan = free", "plan = team"), 9)
    of_steps = [row for row in rows if row["kind"] == "step"]
    for name in {row["problem"] for row in of_steps}:
        parts = [row for row in of_steps if row["problem"] == name]
        total = next(row["eligible"] for row in parts if row["segment"] is None)
        assert sum(row["eligible"] for row in parts) == 2 * total
    with pytest.raises(FunnelkitError, match="no user property or segment is called 'plam'"):
        built_sample.opportunities(by="plam")


# --- interviews ----------------------------------------------------------------------------------

_RATED = re.compile(r"rated alerts (\d) on (2026-06-\d\d), used it on (\d+) of 28 days")


def test_the_discordant_are_asked_and_why_is_what_they_said(
    built_sample: Project, company: Company
) -> None:
    people, groups = built_sample.interviews("alerts")
    rated = {
        (row["user_id"], _day(row["submitted_at"])): row["score"]
        for row in company.feedback
        if row["question"] == "q_alerts"
    }
    seen = 0
    for row in records(people):
        found = _RATED.match(row["why"])
        if found is None:
            assert row["why"].startswith("wrote ")
            continue
        score, day, days = found.groups()
        assert rated[row["user_id"], day] == score
        captive = row["cell"] == "captive"
        assert (int(score) <= 2, int(days) >= 2) == (captive, captive)
        assert captive or int(score) >= 4
        seen += 1
    assert seen > 10
    for group in records(groups):
        mine = [row for row in records(people) if _key(row) == _key(group)]
        assert len(mine) == group["drawn"] == min(9, group["customers"])
        assert len({row["account_id"] for row in mine}) == len(mine)
        assert all(0 < row["probability"] <= 1 for row in mine)


def _day(at: str) -> str:
    found = instant(at)
    return "" if found is None else str(found.astimezone(ZONE).date())


def _key(row: dict[str, Any]) -> tuple[str, str]:
    return row["cell"], row["segment"]


def test_who_got_stuck_is_asked_after_the_step_that_loses_most(built_sample: Project) -> None:
    steps = records(built_sample.funnel("activation"))
    lost = {
        before["step_name"]: before["matured_reached"] - after["matured_reached"]
        for before, after in pairwise(steps)
    }
    worst = max(lost, key=lambda name: lost[name])
    people, groups = built_sample.interviews("activation")
    assert {row["cell"] for row in records(people)} == {f"stuck after {worst}"}
    assert sum(row["people"] for row in records(groups)) == lost[worst]
    twelve, groups = built_sample.interviews("activation", step="built", n=12)
    assert len(twelve.rows) == 12
    assert sum(row["people"] for row in records(groups)) == lost["built"]
    assert [row["drawn"] for row in records(groups)] == [4, 4, 4]


def test_the_same_people_are_drawn_each_time(built_sample: Project) -> None:
    first, again = (built_sample.interviews("exports")[0] for _ in range(2))
    assert first.rows == again.rows


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"name": "alert"}, "no feature or funnel is called 'alert'"),
        ({"name": "alerts", "step": "built"}, "alerts is a feature: steps are of funnels"),
        ({"name": "activation", "wave": "wave_1"}, "activation is a funnel"),
        ({"name": "activation", "step": "shared"}, "nobody can be stuck after step 'shared'"),
        ({"name": "alerts", "wave": "wave_9"}, "no wave 'wave_9'"),
    ],
)
def test_what_cannot_be_asked_is_told(built_sample: Project, asked: Any, told: str) -> None:
    with pytest.raises(FunnelkitError, match=told):
        built_sample.interviews(**asked)
