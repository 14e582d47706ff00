"""What is planted for aha moments, experiments and say versus do: does the log really hold it?"""

from collections import Counter, defaultdict
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pytest
import yaml

from funnelkit.sample.blocks import Block, simulate
from funnelkit.sample.company import generate
from funnelkit.sample.plan import BLOCK, FEATURES
from funnelkit.sample.sentences import WHY
from tests.sample.reader import DAY, END, Company, Event

OUTCOMES = ("dashboard_viewed", "dashboard_shared")


def done(events: list[Event], names: tuple[str, ...], start: datetime, end: datetime) -> int:
    return sum(event.name in names and start <= event.at < end for event in events)


def test_retention_counts_are_in_the_file(company: Company) -> None:
    found = {who: Counter[str]() for who in ("reachers", "others")}
    decoy = {who: Counter[str]() for who in ("reachers", "others")}
    for user, entry in company.entries().items():
        if entry + 28 * DAY > END:
            continue
        events = company.events[user]
        retained = done(events, OUTCOMES, entry + 21 * DAY, entry + 28 * DAY) > 0
        aha = done(events, ("dashboard_shared",), entry, entry + 7 * DAY) >= 3
        found["reachers" if aha else "others"].update(eligible=1, retained=retained)
        searched = done(events, ("search_used",), entry, entry + 14 * DAY) >= 3
        decoy["reachers" if searched else "others"].update(eligible=1, retained=retained)
    assert {who: dict(counts) for who, counts in found.items()} == company.truth["retention"][
        "realised"
    ]
    for who, counts in decoy.items():
        assert dict(counts) == company.truth["decoy"][who]


def risk_difference(exposed: Any, outcome: Any, stratum: Any) -> float:
    """Mantel-Haenszel risk difference over the strata."""
    above = below = 0.0
    for value in np.unique(stratum):
        mine = stratum == value
        yes, no = mine & exposed, mine & ~exposed
        if yes.any() and no.any():
            weight = yes.sum() * no.sum() / mine.sum()
            above += weight * (outcome[yes].mean() - outcome[no].mean())
            below += weight
    return above / below


def test_one_behaviour_raises_retention_and_the_decoy_only_goes_with_activity(
    tmp_path: Path,
) -> None:
    generate(tmp_path / "large", users=20_000)
    log = tmp_path / "large" / "data" / "events.parquet"
    frame = duckdb.sql(f"""
        with log as (
            select distinct event_id, user_id, event_name,
                try_cast(occurred_at as timestamptz) as moment
            from '{log}' where user_id is not null
        ), entries as (
            select user_id, min(moment) as entry from log
            where event_name = 'signed_up' and moment >= timestamptz '2026-01-01 00:00:00+00'
            group by user_id
            having entry <= timestamptz '2026-06-29 23:59:59+00' - interval 672 hours
        ), events as (
            select user_id, event_name, moment - entry as age from entries join log using (user_id)
            where moment >= entry
        )
        select
            count_if(event_name = 'dashboard_shared' and age < interval 168 hours) >= 3 as aha,
            count_if(event_name = 'search_used' and age < interval 336 hours) >= 3 as searched,
            count_if(event_name <> 'search_used' and age < interval 336 hours) as others,
            count_if(event_name in ('dashboard_viewed', 'dashboard_shared')
                and age >= interval 504 hours and age < interval 672 hours) > 0 as retained,
            count_if(event_name <> 'dashboard_shared'
                and age >= interval 336 hours and age < interval 504 hours) > 0 as alive
        from events group by user_id
    """)
    assert frame is not None
    columns = frame.fetchnumpy()
    aha, searched, others, retained, alive = (np.asarray(column) for column in columns.values())
    assert len(aha) > 15_000
    assert 0.08 < aha.mean() < 0.25
    activity = np.minimum(np.searchsorted(np.quantile(others, np.arange(1, 10) / 10), others), 9)
    assert risk_difference(aha, retained, activity) == pytest.approx(0.30, abs=0.05)
    # Among those alive after day 14, as the search looks at it, it is as strong.
    kept = risk_difference(aha[alive], retained[alive], activity[alive])
    assert kept == pytest.approx(0.30, abs=0.06)
    naive = retained[searched].mean() - retained[~searched].mean()
    assert naive > 0.10
    assert risk_difference(searched, retained, others) < naive / 3


def test_the_prerequisite_comes_right_before_the_outcome(company: Company) -> None:
    before = Counter[str]()
    for user, entry in company.entries().items():
        events = company.events[user]
        places = [
            place
            for place, event in enumerate(events)
            if event.name in OUTCOMES and entry + 21 * DAY <= event.at < entry + 28 * DAY
        ]
        if places:
            last, first = events[places[0] - 1], events[places[0]]
            close = first.at - last.at < timedelta(minutes=30)
            before[last.name if close else "nothing"] += 1
    assert before.total() > 300
    assert before["logged_in"] / before.total() >= 0.99


def test_experiments_are_in_the_file(company: Company) -> None:
    exposed = {name: Counter[str]() for name in ("invite_prompt", "new_navigation")}
    invited = Counter[str]()
    for events in company.events.values():
        for event in events:
            if event.name == "experiment_exposed":
                name, variant = event.properties["experiment"], event.properties["variant"]
                exposed[name][variant] += 1
                if name == "invite_prompt":
                    invited[variant] += (
                        done(events, ("invite_sent",), event.at, event.at + 7 * DAY) > 0
                    )
    truth = company.truth["experiments"]
    for name, counts in exposed.items():
        realised = truth[name]["realised"]
        assert counts == {variant: found["exposed"] for variant, found in realised.items()}
    realised = truth["invite_prompt"]["realised"]
    assert invited == {variant: found["invited"] for variant, found in realised.items()}

    def z_of_split(counts: Counter[str]) -> float:
        control, treatment = counts["control"], counts["treatment"]
        return abs(control - treatment) / float(np.sqrt(control + treatment))

    assert z_of_split(exposed["new_navigation"]) > 3.29  # p < 0.001
    assert z_of_split(exposed["invite_prompt"]) < 3.29
    rates = [
        invited[variant] / exposed["invite_prompt"][variant] for variant in ("control", "treatment")
    ]
    assert rates[1] - rates[0] > 0.05


# --- say and do ---------------------------------------------------------------------------------


def waves_of(company: Company) -> list[list[dict[str, str]]]:
    """Survey answers by wave: before June is the first."""
    said = [row for row in company.feedback if row["source"] in ("survey", "nps")]
    return [[row for row in said if (row["submitted_at"] > "2026-06") == late] for late in (0, 1)]


def used(company: Company, user: str, feature: str, until: datetime) -> bool:
    days = {
        event.at.date()
        for event in company.events[user]
        if event.name in FEATURES[feature].events and until - 28 * DAY <= event.at < until
    }
    return len(days) >= 2


def test_cells_of_say_and_do_are_in_the_file(company: Company) -> None:
    for number, rows in enumerate(waves_of(company), 1):
        counts: dict[str, Counter[str]] = defaultdict(Counter)
        for row in rows:
            if row["kind"] == "rating5":
                score, feature = int(row["score"]), row["feature"]
                said = "like" if score >= 4 else "dislike" if score <= 2 else "neutral"
                at = datetime.fromisoformat(row["submitted_at"])
                uses = "use" if used(company, row["user_id"], feature, at) else "not_use"
                counts[feature].update({"rated": 1, f"{said}_and_{uses}": 1})
        assert set(counts) == set(FEATURES)
        for feature, found in counts.items():
            realised = company.truth["features"][feature]["realised"][f"wave_{number}"]
            cells = [name for name in realised if "_and_" in name]
            assert len(cells) == 4
            for name in ("rated", *cells):
                assert found[name] == realised[name], (feature, name)


def test_praised_but_unused_and_cursed_but_used(company: Company) -> None:
    exports = company.truth["features"]["exports"]["realised"]["wave_2"]
    liked = exports["like_and_use"] + exports["like_and_not_use"]
    assert liked > 0.7 * exports["rated"]
    assert exports["like_and_not_use"] > 0.9 * liked
    alerts = company.truth["features"]["alerts"]["realised"]["wave_2"]
    assert alerts["dislike_and_use"] > 5 * alerts["like_and_use"]
    opened: dict[str, set[Any]] = defaultdict(set)
    for user, events in company.events.items():
        for event in events:
            if event.name == "alert_fired_opened" and event.at > END - 28 * DAY:
                opened[user].add(event.at.date())
    heavy = [len(days) for days in opened.values() if len(days) >= 2]
    assert len(heavy) > 50
    assert np.median(heavy) >= 8  # days out of 28


def test_respondents_are_heavier_users(company: Company) -> None:
    for wave in company.truth["respondents"]["realised"].values():
        all_visits = wave["visits_of_eligible"] / wave["eligible"]
        assert wave["visits_of_respondents"] / wave["respondents"] > 1.3 * all_visits


@pytest.fixture(scope="module")
def blocks() -> list[Block]:
    return [simulate(11, block, 1 + block * BLOCK, BLOCK, 1) for block in range(1, 31)]


def strata(block: Block, wave_number: int) -> tuple[Any, Any, Any, Any]:
    """Of one wave: who answered, satisfaction, stratum (visits, tenure, plan), who was eligible."""
    wave = block.said.waves[wave_number]
    tenure = np.minimum(wave.tenure_days // 30, 5)
    plan = np.where(wave.tier == 0, 0, np.where(wave.tier < 6, 1, 2))
    stratum = (np.minimum(wave.visits, 8) * 6 + tenure) * 3 + plan
    return wave.responded, wave.satisfaction, stratum, wave.eligible


def test_answering_depends_on_activity_tenure_and_plan_only(blocks: list[Block]) -> None:
    for wave in (0, 1):
        responded, satisfaction, stratum, eligible = (
            np.concatenate(column)
            for column in zip(*(strata(block, wave) for block in blocks), strict=True)
        )
        responded, satisfaction, stratum = (
            column[eligible] for column in (responded, satisfaction, stratum)
        )
        assert responded.sum() > 1_000
        # Among users alike in the three, the satisfied answer no more and no less.
        score = variance = 0.0
        for value in np.unique(stratum):
            mine = stratum == value
            share, size = responded[mine].mean(), mine.sum()
            if size > 1:
                score += satisfaction[mine & responded].sum() - share * satisfaction[mine].sum()
                variance += satisfaction[mine].var() * size * share * (1 - share)
        assert abs(score) / np.sqrt(variance) < 3.5
        # Without them, they do: respondents look more satisfied because they are more active.
        gap = satisfaction[responded].mean() - satisfaction[~responded].mean()
        assert gap > 0.02


def test_one_account_dominates_its_cell(company: Company) -> None:
    truth = company.truth["dominating_account"]
    revenue: dict[str, int] = {}
    account_of: dict[str, str] = {}
    for row in company.users:  # by updated_at: the last one holds
        revenue[row["account_id"]] = yaml.safe_load(row["properties"])["mrr_cents"]
        account_of[row["user_id"]] = row["account_id"]
    assert revenue[truth["account_id"]] == truth["mrr_cents"]
    for rows in waves_of(company):
        accounts = {
            account_of[row["user_id"]]
            for row in rows
            if row["feature"] == "alerts"
            and int(row["score"]) <= 2
            and used(company, row["user_id"], "alerts", datetime.fromisoformat(row["submitted_at"]))
        }
        assert truth["account_id"] in accounts
        assert len(accounts) >= 5
        assert truth["mrr_cents"] > 0.5 * sum(revenue[account] for account in accounts)


def test_texts_say_what_their_writer_rated(company: Company) -> None:
    meant = {
        text: (feature, polarity)
        for feature, banks in WHY.items()
        for polarity, bank in zip(("dislike", "neutral", "like"), banks, strict=True)
        for text in bank
    }
    words = {"alerts": ("alert", "notif"), "exports": ("export",), "sharing": ("shar",)}
    for text, (feature, _) in meant.items():
        named = {name for name, stems in words.items() if any(s in text.lower() for s in stems)}
        assert named == {feature}, text
    checked = 0
    for rows in waves_of(company):
        ratings = {
            (row["user_id"], row["feature"]): int(row["score"])
            for row in rows
            if row["kind"] == "rating5"
        }
        for row in rows:
            feature, polarity = meant.get(row["text"], ("", ""))
            score = ratings.get((row["user_id"], feature))
            if score is not None:
                said = "like" if score >= 4 else "dislike" if score <= 2 else "neutral"
                assert said == polarity, row
                checked += 1
    assert checked > 100


def test_feedback_covers_every_kind(company: Company) -> None:
    kinds = Counter(row["kind"] for row in company.feedback)
    assert set(kinds) == {"rating5", "nps", "ces", "text"}
    sources = Counter(row["source"] for row in company.feedback)
    assert set(sources) == {"survey", "nps", "ticket", "review"}
    assert {"en", "de"} <= {row["language"] for row in company.feedback}
    anonymous = [row for row in company.feedback if not row["user_id"]]
    assert 0 < len(anonymous) < 0.1 * len(company.feedback)
    scores = {"rating5": range(1, 6), "nps": range(11), "ces": range(1, 8)}
    for row in company.feedback:
        assert (row["score"] == "") == (row["kind"] == "text")
        assert row["score"] == "" or int(row["score"]) in scores[row["kind"]]


def test_plan_changes_come_with_their_instant(company: Company) -> None:
    entries = company.entries()
    first: dict[str, datetime] = {}
    later = Counter[str]()
    for row in company.users:
        updated = datetime.fromisoformat(row["updated_at"])
        if row["user_id"] in first:
            assert updated > first[row["user_id"]]
            later[row["account_id"]] += 1
        first.setdefault(row["user_id"], updated)
    assert first == entries
    upgrades = {
        row["account_id"]: row for row in company.rows if row["event_name"] == "plan_upgraded"
    }
    assert set(later) == set(upgrades)
    for account, row in upgrades.items():
        now = [
            yaml.safe_load(user["properties"])
            for user in company.users
            if user["account_id"] == account and user["updated_at"] == row["occurred_at"]
        ]
        amount = yaml.safe_load(row["properties"])["amount_cents"]
        assert {user["mrr_cents"] for user in now} == {amount}
