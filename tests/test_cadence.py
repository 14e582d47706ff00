"""Weeks of contact counted again in plain Python, on answers made at random; and by hand."""

import csv
import random
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest

from funnelkit.api import Project
from funnelkit.results.cadence import cadence_table
from funnelkit.warehouse.connect import memory
from funnelkit.warehouse.queries import query
from tests.conftest import ROOT

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

SOURCES = ("survey", "nps", "exit", "interview", "ticket", "review", None)
Answer = tuple[str | None, int | None, str | None, str | None, datetime]


@pytest.fixture
def con() -> Iterator["DuckDBPyConnection"]:
    with memory() as connection:
        connection.execute(
            "create table fct_feedback (user_id varchar, user_key bigint, customer_id varchar,"
            " source varchar, submitted_at timestamp);"
            "create table int_observed_until (observed_until timestamp)"
        )
        yield connection


def _weeks(
    con: "DuckDBPyConnection", answers: list[Answer], until: datetime | None, timezone: str
) -> list[tuple[Any, ...]]:
    con.execute("delete from fct_feedback; delete from int_observed_until")
    if answers:
        con.executemany("insert into fct_feedback values (?, ?, ?, ?, ?)", answers)
    con.execute("insert into int_observed_until values (?)", [until])
    return [tuple(row.values()) for row in query(con, "say_cadence", timezone=timezone)]


def _monday(at: datetime, timezone: str) -> date:
    day = at.replace(tzinfo=UTC).astimezone(ZoneInfo(timezone)).date()
    return day - timedelta(days=day.weekday())


def _oracle(answers: list[Answer], until: datetime, timezone: str) -> list[tuple[Any, ...]]:
    if not answers:
        return []
    weeks: dict[date, list[Answer]] = {}
    for answer in answers:
        weeks.setdefault(_monday(answer[4], timezone), []).append(answer)
    at, last, rows = min(weeks), max(*weeks, _monday(until, timezone)), []
    while at <= last:
        of = weeks.get(at, [])
        surveys = {_person(a) for a in of if a[3] in ("survey", "nps", "exit")}
        met = {(_person(a), _day(a, timezone)) for a in of if a[3] == "interview"}
        asked = ("survey", "nps", "exit", "interview")
        customers = {a[2] for a in of if a[3] in asked and a[2] is not None}
        tickets, reviews = (sum(a[3] == source for a in of) for source in ("ticket", "review"))
        rows.append((at.isoformat(), len(met), len(surveys), tickets, reviews, len(customers)))
        at += timedelta(days=7)
    return rows


def _person(answer: Answer) -> Any:
    user_id, user_key, _, _, at = answer
    return user_key if user_key is not None else user_id if user_id is not None else at


def _day(answer: Answer, timezone: str) -> date:
    return answer[4].replace(tzinfo=UTC).astimezone(ZoneInfo(timezone)).date()


def _drawn(seed: int) -> list[Answer]:
    """Around the end of summer time, some on the edges of days and weeks."""
    chance = random.Random(seed)
    answers: list[Answer] = []
    for _ in range(chance.randrange(0, 60)):
        at = datetime(2026, 10, 12) + timedelta(hours=chance.randrange(0, 24 * 28))
        at += timedelta(microseconds=chance.choice([0, 0, 1, -1]))
        key = chance.choice([None, 1, 2, 3])
        user = f"u{key}" if key is not None else chance.choice([None, "stranger"])
        customer = None if key is None else f"c{key // 2}"
        answers.append((user, key, customer, chance.choice(SOURCES), at))
    return answers


@pytest.mark.parametrize("timezone", ["UTC", "Europe/Berlin", "Pacific/Auckland"])
def test_weeks_are_those_of_plain_python(con: "DuckDBPyConnection", timezone: str) -> None:
    for seed in range(12):
        answers, until = _drawn(seed), datetime(2026, 11, 1, 23, 30)
        assert _weeks(con, answers, until, timezone) == _oracle(answers, until, timezone), seed


def test_a_person_is_met_once_a_day_and_answers_once_a_week(con: "DuckDBPyConnection") -> None:
    monday = datetime(2026, 4, 6, 9)
    answers: list[Answer] = [
        ("u1", 1, "acme", "interview", monday),
        ("u1", 1, "acme", "interview", monday + timedelta(hours=1)),  # two notes of one talk
        ("u1", 1, "acme", "interview", monday + timedelta(days=1)),
        ("u2", 2, "acme", "survey", monday),
        ("u2", 2, "acme", "nps", monday + timedelta(days=3)),
        (None, None, None, "survey", monday),  # an unsigned sheet of two answers
        (None, None, None, "survey", monday),
        ("u3", 3, "other", "ticket", monday),
        (None, None, None, "review", monday + timedelta(days=14)),
    ]
    assert _weeks(con, answers, monday, "UTC") == [
        ("2026-04-06", 2, 2, 1, 0, 1),
        ("2026-04-13", 0, 0, 0, 0, 0),
        ("2026-04-20", 0, 0, 0, 1, 0),
    ]


def test_silence_up_to_the_end_of_the_data_is_told(con: "DuckDBPyConnection") -> None:
    answers: list[Answer] = [("u1", 1, "c", "interview", datetime(2026, 4, 6))]
    assert [row[1] for row in _weeks(con, answers, datetime(2026, 4, 28), "UTC")] == [1, 0, 0, 0]
    assert [row[1] for row in _weeks(con, answers, None, "UTC")] == [1]
    assert _weeks(con, [], datetime(2026, 4, 28), "UTC") == []


def _week(number: int, interviews: int = 0, surveys: int = 0) -> dict[str, Any]:
    week = (date(2026, 1, 5) + timedelta(days=7 * number)).isoformat()
    return {
        "week": week, "interviews": interviews, "surveys_answered": surveys, "tickets": 0,
        "reviews": 0, "customers": 0,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("weeks", "headline"),
    [
        ([_week(0, 9, 99), *(_week(i, int(i % 4 != 0) * 3, 31) for i in range(1, 13))],
         "In the last 12 weeks 9 had at least one interview; 2.2 interviews and 31 answered"
         " surveys a week."),
        ([_week(0), _week(1, 0, 3)],
         "In the last 2 weeks none had at least one interview; 0 interviews and 1.5 answered"
         " surveys a week."),
        ([_week(0, 1)],
         "In the only week 1 had at least one interview; 1 interviews and 0 answered surveys a"
         " week."),
        ([], "Nobody was heard yet: load feedback."),
    ],
)  # fmt: skip
def test_the_headline_is_of_the_last_twelve_weeks(
    weeks: list[dict[str, Any]], headline: str
) -> None:
    assert cadence_table(weeks, "UTC").headline == headline


def test_the_samples_weeks_hold_every_ticket_review_and_respondent(built_sample: Project) -> None:
    """Counted in the seeds: the sample's answers carry ids that nothing merges."""
    with (ROOT / "seeds/raw_feedback.csv").open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    zone = ZoneInfo("Europe/Berlin")
    asked: dict[str, set[str]] = {}
    for row in rows:
        at = datetime.fromisoformat(row["submitted_at"]).astimezone(zone).date()
        week = (at - timedelta(days=at.weekday())).isoformat()
        if row["source"] in ("survey", "nps"):
            asked.setdefault(week, set()).add(row["user_id"])
    table = built_sample.cadence()
    found = dict(zip(table.column("week"), table.column("surveys_answered"), strict=True))
    assert {week: count for week, count in found.items() if count} == {
        week: len(users) for week, users in asked.items()
    }
    for source in ("ticket", "review"):
        count = sum(row["source"] == source for row in rows)
        assert sum(int(str(number)) for number in table.column(f"{source}s")) == count
    weeks = [str(week) for week in table.column("week")]
    assert weeks == sorted(weeks)
