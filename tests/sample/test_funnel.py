"""The planted funnel and cases: truth.yml held against a plain search over the file."""

import math
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path
from statistics import median

import pytest
import yaml

from funnelkit.sample import generate
from tests.sample.reader import DAY, END, STEP_NAMES, Company, level_after, step_of


def test_the_funnel_in_truth_is_what_a_plain_search_finds(company: Company) -> None:
    entries = company.entries()
    channels = company.property_at("channel", entries)
    assert len(channels) == len(entries) == 2_000
    counts: Counter[tuple[str, int, str]] = Counter()
    seconds = []
    for user, entry in entries.items():
        level, last = level_after(entry, company.events[user])
        mature = entry + 14 * DAY <= END
        if mature and level == 4:
            seconds.append((last - entry).total_seconds())
        for group in ("all", channels[user]):
            for step in range(1, 5):
                counts[group, step, "reached"] += level >= step
                counts[group, step, "matured_reached"] += mature and level >= step
                counts[group, step, "open"] += level == step - 1 and not mature
                counts[group, step, "lost"] += level == step - 1 and mature
    realised = company.truth["activation"]["realised"]
    assert set(realised) == {"all", "organic", "paid", "referral", "partner"}
    for group, steps in realised.items():
        for number, step in enumerate(steps, 1):
            found = {name: counts[group, number, name] for name in step if name != "step"}
            found |= {
                "entered": counts[group, 1, "reached"],
                "matured": counts[group, 1, "matured_reached"],
            }
            assert step == {"step": STEP_NAMES[number - 1], **found}, group
    truth = company.truth["activation"]["median_seconds_entry_to_shared"]
    assert truth == pytest.approx(median(seconds))


def test_planted_step_chances_are_realised(tmp_path: Path) -> None:
    generate(tmp_path / "large", users=20_000)
    truth = yaml.safe_load((tmp_path / "large" / "truth.yml").read_text())["activation"]
    for channel, planted in truth["planted"].items():
        before = truth["realised"][channel][0]["matured_reached"]
        for step in truth["realised"][channel][1:]:
            chance = planted[step["step"]]
            z = (step["matured_reached"] / before - chance) / math.sqrt(
                chance * (1 - chance) / before
            )
            assert abs(z) < 4, (channel, step["step"])
            before = step["matured_reached"]


def test_every_case_has_its_level(company: Company) -> None:
    entries = company.entries()
    channels = company.property_at("channel", entries)
    for case in company.truth["cases"]:
        events = company.events[case["user_id"]]
        starts = [event.at for event in events if event.step == 1]
        assert level_after(min(starts), events)[0] == case["level"], case["case"]
        best = max(level_after(start, events)[0] for start in starts)
        assert best == case["level_best"], case["case"]
        assert channels[case["user_id"]] == case["channel"]
    assert {case["level"] for case in company.truth["cases"]} == {1, 2, 3, 4}


def case_rows(company: Company, name: str) -> list[dict[str, str]]:
    (user,) = (case["user_id"] for case in company.truth["cases"] if case["case"] == name)
    return [row for row in company.rows if row["user_id"] == user]


def test_cases_are_on_the_edge_they_name(company: Company) -> None:
    for name, us in (("window_edge_at", 0), ("window_edge_after", 1)):
        rows = {row["event_name"]: row["occurred_at"] for row in case_rows(company, name)}
        gap = datetime.fromisoformat(rows["dashboard_shared"]) - datetime.fromisoformat(
            rows["signed_up"]
        )
        assert gap == 14 * DAY + timedelta(microseconds=us)
    same = case_rows(company, "same_instant_all")
    assert len({row["occurred_at"] for row in same}) == 1
    assert [step_of(row) for row in same] == [4, 3, 2, 1]  # the file holds them in reverse
    entries = company.entries()
    for name, us in (("mature_to_the_microsecond", 0), ("open_by_a_microsecond", 1)):
        entry = entries[case_rows(company, name)[0]["user_id"]]
        assert entry + 14 * DAY == END + timedelta(microseconds=us)
    latest = max(event.at for events in company.events.values() for event in events)
    assert latest == END == datetime.fromisoformat(company.truth["run"]["observed_until"])


def test_defects_are_in_the_file_as_truth_lists_them(company: Company) -> None:
    quality = company.truth["quality"]
    assert quality["rows"] == len(company.rows)
    assert quality["accepted"] == company.why[""]
    by_id = {row["event_id"]: row for row in company.rows}
    for kind, listed in quality.items():
        if kind in ("rows", "accepted"):
            continue
        ids = listed["event_ids"].split()
        assert len(set(ids)) == len(ids) == listed["rows"] > 0
        assert set(ids) <= set(by_id), kind
        if kind == "untypeable_recipients":
            assert [by_id[one]["properties"] for one in ids] == ['{"recipients":"many"}']
        else:
            assert company.why[kind] == listed["rows"], kind
    assert set(quality) >= {"late", "duplicate", "future_clock", "untypeable_time", "before_2000"}


def test_anonymous_pages_become_users_at_sign_up(company: Company) -> None:
    pages = [row for row in company.rows if row["event_name"] == "page_viewed"]
    assert all(row["anonymous_id"] and not row["user_id"] for row in pages)
    owners = {
        row["anonymous_id"]: row
        for row in company.rows
        if row["event_name"] == "signed_up" and row["anonymous_id"]
    }
    known = [row for row in pages if row["anonymous_id"] in owners]
    assert all(row["occurred_at"] < owners[row["anonymous_id"]]["occurred_at"] for row in known)
    assert 0.3 < len(known) / len(pages) < 0.9
