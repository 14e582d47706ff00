"""A plain reading of the seeds: cleaning, a brute-force funnel, nothing of the generator's."""

import csv
from collections import Counter, defaultdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import yaml

DAY = timedelta(days=1)
END = datetime(2026, 6, 29, 23, 59, 59, tzinfo=UTC)
STEPS = (
    {"signed_up"},
    {"source_connected"},
    {"dashboard_created", "dashboard_copied"},
    {"dashboard_shared"},
)
STEP_NAMES = ("signed_up", "connected", "built", "shared")


class Event(NamedTuple):
    at: datetime
    step: int
    name: str
    properties: dict[str, Any]


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def instant(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def step_of(row: dict[str, str]) -> int:
    """Number of the step that a raw row matches, 0 for none."""
    for number, names in enumerate(STEPS, 1):
        if row["event_name"] in names:
            shared = number == 4
            recipients = yaml.safe_load(row["properties"])["recipients"] if shared else 1
            return number if isinstance(recipients, int) and recipients > 0 else 0
    return 0


def refusals(rows: list[dict[str, str]]) -> tuple[list[dict[str, str]], Counter[str]]:
    """Accepted rows, and how many were refused for which reason."""
    why: Counter[str] = Counter()
    seen: dict[str, dict[str, str]] = {}
    accepted = []
    for row in rows:
        at, received = instant(row["occurred_at"]), instant(row["received_at"])
        assert received is not None
        if row["event_id"] in seen:
            assert row == seen[row["event_id"]]
            reason = "duplicate"
        elif at is None:
            reason = "untypeable_time"
        elif not row["user_id"] and not row["anonymous_id"]:
            reason = "no_identity"
        elif at.year < 2000:
            reason = "before_2000"
        elif at > received + DAY:
            reason = "future_clock"
        else:
            reason = ""
            accepted.append(row)
        seen[row["event_id"]] = row
        why[reason] += 1
        if not reason and at is not None and received > at + DAY:
            why["late"] += 1
    return accepted, why


def level_after(entry: datetime, events: list[Event]) -> tuple[int, datetime]:
    """Depth of the chain from an entry by trying the earliest next row, and its last instant."""
    level, place = 1, (entry, 1)
    while level < 4:
        following = [
            (event.at, event.step)
            for event in events
            if event.step == level + 1
            and (event.at, event.step) > place
            and event.at <= entry + 14 * DAY
        ]
        if not following:
            break
        place = min(following)
        level += 1
    return level, place[0]


class Company(NamedTuple):
    """The seeds as a plain reader finds them."""

    truth: dict[str, Any]
    rows: list[dict[str, str]]
    why: Counter[str]
    events: dict[str, list[Event]]
    users: list[dict[str, str]]
    feedback: list[dict[str, str]]

    def property_at(self, name: str, at: dict[str, datetime]) -> dict[str, Any]:
        """A user property as of an instant per user."""
        found: dict[str, Any] = {}
        for row in self.users:  # by updated_at
            user, updated = row["user_id"], instant(row["updated_at"])
            assert updated is not None
            if user in at and updated <= at[user]:
                found[user] = yaml.safe_load(row["properties"])[name]
        return found

    def entries(self) -> dict[str, datetime]:
        return {
            user: min(event.at for event in events if event.step == 1)
            for user, events in self.events.items()
        }


def read_company(folder: Path) -> Company:
    """Read seeds/ as anybody would."""
    rows = rows_of(folder / "raw_events.csv")
    accepted, why = refusals(rows)
    events: dict[str, list[Event]] = defaultdict(list)
    shapes: dict[str, dict[str, Any]] = {"": {}}
    for row in accepted:
        if row["user_id"]:
            text = row["properties"]
            if text not in shapes:
                shapes[text] = yaml.safe_load(text)
            at = instant(row["occurred_at"])
            assert at is not None
            events[row["user_id"]].append(Event(at, step_of(row), row["event_name"], shapes[text]))
    return Company(
        yaml.safe_load((folder / "truth.yml").read_text()),
        rows,
        why,
        {user: sorted(mine, key=lambda event: event.at) for user, mine in events.items()},
        rows_of(folder / "raw_users.csv"),
        rows_of(folder / "raw_feedback.csv"),
    )
