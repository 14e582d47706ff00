import datetime as dt
import json
from typing import Any

import pytest

from funnelkit.stats.proportions import wilson
from funnelkit.stats.stops import Next, ProofRow, explain_table, next_table, utc, why_stopped
from funnelkit.table import to_json

HOUR = 3_600_000_000
NOON = 1_768_478_400_000_000  # date -u -d 2026-01-15T12:00:00Z +%s
SPEC: dict[str, Any] = {
    "order": "ordered",
    "steps": [
        {"no": 1, "name": "connected", "optional": False},
        {"no": 2, "name": "toured", "optional": True},
        {"no": 3, "name": "shared", "optional": False},
    ],
}
ANY = {**SPEC, "order": "any"}


def journey(reason: str, stopped_us: int | None = NOON, level: int = 1) -> dict[str, Any]:
    entry = {"entry_us": NOON - 76 * HOUR, "last_us": NOON}
    return {"reason": reason, "stopped_us": stopped_us, "level": level, **entry}


def test_next_events_are_ranked_with_their_share_of_all_who_stopped():
    table = next_table(
        [
            Next("f", "cart", "b", 20, 100),
            Next("f", "cart", None, 35, 100),
            Next("f", "cart", "a", 20, 100),
            Next("f", "cart", "help", 25, 100),
        ],
        entities="users",
    )
    names = ["funnel", "step", "event", "entities", "share", "share_lo", "share_hi"]
    assert list(table.names) == names
    assert table.column("event") == ["(nothing more)", "help", "a", "b"]
    assert table.column("share") == [0.35, 0.25, 0.2, 0.2]
    assert table.rows[1][4:] == wilson(25, 100)
    assert table.headline == (
        "Of 100 users that stopped after cart, help came next most often: 25 (25.0 %, 95 % "
        "interval 17.5–34.3 %); 35 did nothing more."
    )
    assert table.columns[3].label == "users"


def test_what_came_after_the_window_is_not_looked_at():
    rows = [Next("f", "cart", "help", 2, 3), Next("f", "cart", None, 1, 3)]
    table = next_table(rows, entities="users", window="14 days")
    assert table.headline.endswith("; 1 did nothing more before the window closed.")
    assert next_table(rows[1:], window="1 day").headline.endswith(
        "none did anything more before the window closed."
    )
    assert table.notes == (
        "The very next event within the window (14 days from the entry); what came later is not "
        "looked at, and users that are still open are left out.",
    )


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([], "No users stopped there."),
        ([Next("f", "cart", None, 0, 0)], "No users stopped after cart."),
        (
            [Next("f", "cart", None, 1, 1)],
            "Of 1 user that stopped after cart, none did anything more.",
        ),
    ],
)
def test_nobody_went_anywhere(rows, told):
    table = next_table(rows, entities="users")
    assert table.headline == told
    json.loads(to_json(table))


@pytest.mark.parametrize(
    ("how", "told"),
    [
        (journey("converted", level=3), "Converted in 3 d 4 h."),
        (
            journey("window closed"),
            "Stopped after connected: its window closed at 2026-01-15T12:00:00Z.",
        ),
        (
            journey("step window closed"),
            "Stopped after connected: the step window closed at 2026-01-15T12:00:00Z.",
        ),
        (
            journey("excluded"),
            "Stopped after connected: excluded by account_deleted at 2026-01-15T12:00:00Z.",
        ),
        (
            journey("interrupted"),
            "Stopped after connected: another event (account_deleted) came first at "
            "2026-01-15T12:00:00Z.",
        ),
        (
            journey("not reached", None),
            "Stopped after connected: no shared came, and no window closed.",
        ),
        (journey("open"), "Still open until 2026-01-15T12:00:00Z, after connected so far."),
        (journey("open", None), "Still open, after connected so far."),
        (
            {"reason": "left"},
            "Not counted: an exclusion of scope entity takes it out of the funnel altogether.",
        ),
    ],
)
def test_why_a_journey_stopped(how, told):
    assert why_stopped(how, SPEC, "account_deleted") == told


def test_why_without_the_name_of_the_event():
    assert why_stopped(journey("excluded"), SPEC) == (
        "Stopped after connected: excluded at 2026-01-15T12:00:00Z."
    )
    assert why_stopped(journey("interrupted"), SPEC) == (
        "Stopped after connected: another event came first at 2026-01-15T12:00:00Z."
    )


def test_in_any_order_the_level_counts_steps():
    assert why_stopped(journey("window closed", level=2), ANY) == (
        "Stopped with 2 of 3 steps: its window closed at 2026-01-15T12:00:00Z."
    )
    assert why_stopped(journey("not reached", None, 2), ANY) == (
        "Stopped with 2 of 3 steps: no other step came, and no window closed."
    )


def test_an_unknown_reason_is_a_mistake():
    with pytest.raises(KeyError, match="bored"):
        why_stopped(journey("bored"), SPEC)


def test_proof_rows_and_why():
    rows = [
        ProofRow(NOON - 76 * HOUR, "source_connected", "e1", 1, "connected", 0),
        ProofRow(NOON - HOUR, "page_viewed", "e2", note="between"),
        ProofRow(NOON, "link_shared", None, 3, "shared", 76 * HOUR, 76 * HOUR),
    ]
    table = explain_table(rows, [journey("converted", level=3)], SPEC, meta={"entity": "u1"})
    assert list(table.names) == [
        *("at", "event", "event_id", "step", "step_name"),
        *("from_entry_seconds", "from_previous_seconds", "note"),
    ]
    assert table.rows == (
        ("2026-01-12T08:00:00Z", "source_connected", "e1", 1, "connected", 0.0, None, ""),
        ("2026-01-15T11:00:00Z", "page_viewed", "e2", None, None, None, None, "between"),
        ("2026-01-15T12:00:00Z", "link_shared", None, 3, "shared", 273600.0, 273600.0, ""),
    )
    assert table.headline == "Converted in 3 d 4 h."
    assert table.notes == ()
    assert table.meta == {"entity": "u1"}


def test_what_excluded_is_named():
    stopped = {**journey("excluded"), "event": "account_deleted"}
    assert "excluded by account_deleted" in explain_table([], [stopped], SPEC).headline


def test_several_entries_are_counted_and_told_one_by_one():
    many = [journey("window closed"), *[journey("converted", level=3)] * 22]
    table = explain_table([], many, SPEC)
    assert table.headline == "23 entries: converted 22, window closed 1."
    assert table.notes[0] == (
        "Entry 2026-01-12T08:00:00Z: Stopped after connected: its window closed at "
        "2026-01-15T12:00:00Z."
    )
    assert table.notes[-1] == "… and 3 more entries."
    assert len(table.notes) == 21
    assert explain_table([], [], SPEC).headline == "No entry."


def test_times_are_utc_to_the_microsecond():
    assert utc(NOON) == "2026-01-15T12:00:00Z"
    assert utc(NOON + 1) == "2026-01-15T12:00:00.000001Z"
    assert utc(-1) == "1969-12-31T23:59:59.999999Z"
    assert dt.datetime.fromisoformat(utc(NOON)).timestamp() == NOON / 1e6
