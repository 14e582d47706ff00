"""Shipped changes: what is printed before, on and after the day they are judged on."""

import datetime as dt
from typing import Any

import pytest

from funnelkit.jobs.shipping import Metric, Shipped, Side, shipped_table
from funnelkit.project.shipping import Weeks
from funnelkit.stats.proportions import Clusters

WEEKS = Weeks(*map(dt.date.fromisoformat, ("2026-01-12", "2026-03-08", "2026-03-16", "2026-05-10")))
METRIC = Metric("funnel buy", "converted in funnel buy", "users", "14 days", "0123456789ab")
# Newcombe 1998, Table II (a), method 10: 56 of 70 against 48 of 80, 0.0524 to 0.3339.
BEFORE, AFTER = Side(80, 80, 48), Side(70, 70, 56)


def change(before: Side = BEFORE, after: Side = AFTER, **given: Any) -> Shipped:
    found = Shipped("faster", METRIC, "2026-03-15", "2026-06-01", WEEKS, before, after)
    return found._replace(**given)


def only(found: Shipped) -> dict[str, Any]:
    (row,) = shipped_table([found], meta={}).records()
    return row


def test_a_final_difference_is_that_of_newcombe():
    row = only(change())
    assert row["state"] == "final"
    assert [row[name] for name in ("n_before", "k_before", "n_after", "k_after")] == [
        80,
        48,
        70,
        56,
    ]
    assert (row["rate_before"], row["rate_after"]) == (0.6, 0.8)
    assert row["difference"] == pytest.approx(0.2)
    assert [row[name] for name in ("lo", "hi")] == pytest.approx([0.0524, 0.3339], abs=5e-5)
    assert [row[name] for name in ("before_from", "before_to", "after_from", "after_to")] == [
        "2026-01-12",
        "2026-03-08",
        "2026-03-16",
        "2026-05-10",
    ]


def test_a_difference_is_never_called_the_effect():
    headline = shipped_table([change()], meta={}).headline
    assert headline.endswith("higher after: it goes with the change, not because of it.")
    down = shipped_table([change(AFTER, BEFORE)], meta={}).headline
    assert "lower after: it goes with" in down
    none = shipped_table([change(after=Side(70, 70, 43))], meta={})
    assert none.headline.endswith(", no difference shown.")
    assert any("is no experiment" in note for note in none.notes)


def test_before_its_date_it_has_a_difference_and_no_verdict():
    table = shipped_table([change(seen="2026-04-20")], meta={})
    (row,) = table.records()
    assert row["state"] == "interim"
    assert row["difference"] == pytest.approx(0.2)
    assert "interim, to be judged on 2026-06-01" in table.headline
    assert "higher" not in table.headline
    assert "no difference" not in table.headline
    assert any("passed by 2026-04-20" in note for note in table.notes)


def test_under_other_rules_nothing_is_compared():
    pinned = METRIC._replace(pinned="ba9876543210")
    table = shipped_table([change(metric=pinned)], meta={})
    (row,) = table.records()
    assert row["state"] == "not comparable"
    told = {"n_before", "k_before", "rate_before", "n_after", "k_after", "rate_after"}
    assert {row[name] for name in told | {"difference", "lo", "hi"}} == {None}
    assert "0123456789ab now and was ba9876543210" in table.headline
    # Even before its date: what was planned cannot be judged any more.
    assert only(change(metric=pinned, seen="2026-04-20"))["state"] == "not comparable"


def test_under_the_rules_of_the_plan_it_is():
    pinned = METRIC._replace(pinned=METRIC.definition_hash)
    table = shipped_table([change(metric=pinned)], meta={})
    assert table.records()[0]["state"] == "final"
    assert not any("definition_hash" in note for note in table.notes)
    assert any(
        "definition_hash: 0123456789ab" in note for note in shipped_table([change()], meta={}).notes
    )


def test_a_side_without_anybody_mature_has_no_rate():
    table = shipped_table([change(after=Side(12, 0, 0), seen="2026-03-20")], meta={})
    (row,) = table.records()
    assert row["rate_after"] is None
    assert row["difference"] is None
    assert row["open_after"] == 12
    assert "nobody who entered in the weeks after it shipped is mature yet" in table.headline
    assert any("Not counted yet: 12 users" in note for note in table.notes)


def test_what_is_not_counted_is_told():
    before = BEFORE._replace(ineligible=3, spanning=7)
    notes = shipped_table([change(before, log_from="2026-02-01")], meta={}).notes
    assert any("3 users that had converted before" in note for note in notes)
    assert any("Part of the time of 7 users" in note for note in notes)
    assert any("its first day is 2026-02-01" in note for note in notes)


def test_entries_of_one_entity_are_worth_fewer():
    # 40 entities with two entries each that end alike: as much as 40 of one.
    clusters = Clusters(40, 48, 80, 24 * 4, 24 * 2 * 2, 40 * 4)
    wide = change(BEFORE._replace(clusters=clusters))
    narrow = change()
    assert wide.difference.estimate == pytest.approx(narrow.difference.estimate)
    assert (wide.difference.lo or 0) < (narrow.difference.lo or 0)
    assert wide.before.effective[1] == pytest.approx(40, rel=0.03)


def test_several_changes_are_summed_up_by_state():
    table = shipped_table([change(), change(seen="2026-04-20")], meta={})
    assert table.headline == "2 changes: 1 final, 1 interim."
    assert len(table.rows) == 2
    assert table.notes[0].startswith("faster: 56 of 70 users")
