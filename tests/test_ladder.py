"""From rows to numbers: the ladders of the sample's reports, against its raw files."""

import csv
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from funnelkit.api import Project
from funnelkit.results.ladder import Stretch, folded
from funnelkit.warehouse.connect import connect, memory
from funnelkit.warehouse.queries import query
from tests.report.data_front import adds_up

if TYPE_CHECKING:
    from funnelkit.report.model import ReportData

Rows = list[dict[str, Any]]


@pytest.fixture(scope="module")
def reports(built_sample: Project) -> "dict[str, ReportData]":
    return built_sample._reports.data()


@pytest.fixture(scope="module")
def rungs(reports: "dict[str, ReportData]") -> Rows:
    """The rungs of all reports, once each."""
    found = {
        (row["of"], row["stage"]): row for data in reports.values() for row in data.ladder.records()
    }
    return list(found.values())


def number(rungs: Rows, of: str, stage: str) -> Any:
    return next(row["count"] for row in rungs if (row["of"], row["stage"]) == (of, stage))


def raw(project: Project, name: str) -> Iterator[dict[str, str]]:
    for file in sorted((project.paths.root / "seeds").glob(name)):
        with file.open(encoding="utf-8", newline="") as lines:
            yield from csv.DictReader(lines)


def test_every_ladder_adds_up(reports: "dict[str, ReportData]") -> None:
    for data in reports.values():
        assert adds_up(data.ladder.records()) >= 2


def test_a_log_begins_with_every_row_of_its_files(built_sample: Project, rungs: Rows) -> None:
    files = {"events": "raw_events*.csv", "users": "raw_users*.csv", "answers": "raw_feedback*.csv"}
    for of, name in files.items():
        assert number(rungs, of, "raw rows") == sum(1 for _ in raw(built_sample, name)) > 0


def test_duplicates_are_those_of_the_file(built_sample: Project, rungs: Rows) -> None:
    ids = Counter(row["event_id"] for row in raw(built_sample, "raw_events*.csv"))
    repeated = sum(count - 1 for count in ids.values())
    assert number(rungs, "events", "− duplicate, same event_id as another row") == repeated > 0


def test_who_never_entered_has_no_first_step(built_sample: Project, rungs: Rows) -> None:
    with connect(built_sample.paths.warehouse, read_only=True) as con:
        log = con.execute("select user_id, event_name from fct_events").fetchall()
    everybody = {user for user, _ in log}
    entered = {user for user, event in log if event == "signed_up"}
    of = "funnel activation"
    assert number(rungs, of, "users with an event") == len(everybody)
    assert number(rungs, of, "− never entered") == len(everybody - entered) > 0
    assert number(rungs, of, "→ entered") == len(entered)


def test_who_is_in_the_log_is_counted_of_users_and_accounts_alone() -> None:
    """By hand: three users, one account, twelve sessions whose keys are small numbers too."""
    with memory() as con:
        con.execute(
            "create table dim_funnels as from (values (1, 'users', 'user_id'),"
            " (2, 'accounts', 'account_id'), (3, 'sessions', 'session_id'))"
            " as funnels (funnel_no, funnel, entity)"
        )
        con.execute(
            "create table fct_events as from (values (1, 7), (1, 7), (2, 7), (3, null))"
            " as events (user_key, account_key)"
        )
        of = "cast(funnel_no as bigint) << 56"
        entered = "(1, 1), (2, 7), " + ", ".join(f"(3, {key})" for key in range(1, 13))
        for name, values in (("journeys", entered), ("leavers", "(1, 2)")):
            con.execute(
                f"create table int_funnel_{name} as select funnel_no, ({of}) + key as p"
                f" from (values {values}) as found (funnel_no, key)"
            )
        found = {row.pop("funnel"): tuple(row.values()) for row in query(con, "log_people")}
    assert found == {
        "users": (3, 1, 1, 1),
        "accounts": (1, 0, 1, 0),
        "sessions": (None, None, 12, None),
    }


def test_a_wave_begins_with_all_of_its_answers(built_sample: Project, rungs: Rows) -> None:
    """The second wave of the sample: the days of its definition, in its time zone."""
    with connect(built_sample.paths.warehouse, read_only=True) as con:
        counted = con.execute(
            "select count(*) from fct_feedback where submitted_at at time zone 'UTC'"
            " at time zone 'Europe/Berlin' >= timestamp '2026-06-15'"
            " and submitted_at at time zone 'UTC' at time zone 'Europe/Berlin'"
            " < timestamp '2026-06-22'"
        ).fetchall()
    assert number(rungs, "wave_2", "answers") == counted[0][0]


class TestFew:
    """By hand: fewer than five stand together with others, or not at all."""

    def test_few_join_the_smallest_other(self) -> None:
        assert folded([("a", 3), ("b", 40), ("c", 9)]) == [("b", 40), ("a; c", 12)]

    def test_enough_of_few_stand_together(self) -> None:
        assert folded([("a", 3), ("b", 40), ("c", 2)]) == [("b", 40), ("c; a", 5)]

    def test_few_alone_are_not_told_nor_is_what_would_give_them_back(self) -> None:
        assert folded([("a", 4), ("b", 0)]) is None

    def test_nobody_left_out_is_no_group(self) -> None:
        assert folded([("a", 0)]) == []
        assert folded([]) == []

    def test_no_row_of_few_is_left(self) -> None:
        for sizes in ((1, 1, 1, 1), (1, 1, 1, 1, 1), (4, 5), (1, 4), (2, 100, 3), (5, 5)):
            found = folded([(str(at), size) for at, size in enumerate(sizes)])
            assert found is None or all(count >= 5 for _, count in found)
            assert found is None or sum(count for _, count in found) == sum(sizes)
            assert (found is None) == (sum(sizes) < 5)


def test_a_stretch_begins_again_where_the_last_one_ended() -> None:
    one = Stretch("f", "all", 10, [("x", 4)], "entered", 6)
    other = Stretch("f", "attempts", 6, [("y", 1)], "mature", 5)
    rows = [each._asdict() for each in (*one.rungs(), *other.rungs(again=True))]
    told = [{**row, "count": row["number"]} for row in rows]
    assert adds_up(told) == 2
    assert [row["stage"] for row in told] == ["all", "− x", "→ entered", "− y", "→ mature"]
