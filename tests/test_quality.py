"""What became of every raw row, in words: shares and limits worked out by hand, without a build."""

from collections.abc import Iterator
from typing import Any

import duckdb
import pytest

from funnelkit.results.notes import as_of, left_out, nothing_counts
from funnelkit.results.quality import event_quality, quality_table
from funnelkit.table import fine_percent
from funnelkit.warehouse.dbt_results import BuildResult, Failure
from funnelkit.warehouse.quality import TEST, Limit, limits, told

ROWS = [
    ("events", "accepted", "events", 900),
    ("events", "duplicate", "near duplicate", 0),
    ("events", "duplicate", "same event_id as another row", 30),
    ("events", "excluded", "it's us", 60),
    ("events", "kept", "n does not fit its type", 7),
    ("events", "kept", "no account: not in funnels of accounts", 500),
    ("events", "rejected", "line cannot be parsed", 4),
    ("events", "rejected", "occurred_at is not a time", 6),
    ("ids", "kept", "device of several users: the first user's", 3),
    ("users", "accepted", "users", 5),
]


def defined(**limits: float) -> dict[str, Any]:
    return {"quality": {"fail_over": limits}}


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect() as made:
        made.execute(
            "create table rpt_event_quality"
            " (kind varchar, outcome varchar, reason varchar, entries bigint)"
        )
        made.executemany("insert into rpt_event_quality values (?, ?, ?, ?)", ROWS[::-1])
        yield made


def test_every_filter_has_its_share_of_the_raw_rows_of_its_kind(
    con: duckdb.DuckDBPyConnection,
) -> None:
    table = quality_table(con, {})
    assert table.names == ("reason", "rows", "share")
    assert table.rows == (
        ("events: accepted", 900, 0.9),
        ("events: duplicate, near duplicate", 0, 0.0),
        ("events: duplicate, same event_id as another row", 30, 0.03),
        ("events: excluded, it's us", 60, 0.06),
        ("events: kept without a value, n does not fit its type", 7, 0.007),
        ("events: kept, no account: not in funnels of accounts", 500, 0.5),
        ("events: rejected, line cannot be parsed", 4, 0.004),
        ("events: rejected, occurred_at is not a time", 6, 0.006),
        ("ids: kept, device of several users: the first user's", 3, None),
        ("users: accepted", 5, 1.0),
    )


def test_a_limit_stands_once_and_judges_all_reasons_together(
    con: duckdb.DuckDBPyConnection,
) -> None:
    table = quality_table(con, defined(rejected=0.009, duplicate=0.03, late=0))
    told_at = {row[0]: row[3] for row in table.rows if row[3]}
    assert told_at == {
        "events: duplicate, near duplicate": "ok: 3 % duplicate, limit 3 %",
        "events: late, none": "ok: 0 % late, limit 0 %",
        "events: rejected, line cannot be parsed": "over: 1 % rejected, limit 0.9 %",
    }


def test_an_empty_log_is_within_every_limit() -> None:
    with duckdb.connect() as con:
        con.execute(
            "create table rpt_event_quality as select 'events' as kind, 'accepted' as outcome,"
            " 'events' as reason, cast(0 as bigint) as entries"
        )
        (limit,) = limits(con, defined(rejected=0.0))
        assert not limit.is_over
        assert quality_table(con, {}).rows == (("events: accepted", 0, None),)


@pytest.mark.parametrize("of", [29, 57, 58, 7])
def test_a_share_of_exactly_the_limit_is_within_it(of: int) -> None:
    # Of these some are more than the product of the two as binary fractions.
    assert not Limit("late", of, 100, of / 100).is_over
    assert Limit("late", of + 1, 100, of / 100).is_over


def test_what_a_table_says_of_its_events(con: duckdb.DuckDBPyConnection) -> None:
    assert event_quality(con) == {
        "events": 900,
        "duplicates": 30,
        "late": 0,
        "excluded": {"it's us": 60},
        "rejected": {"line cannot be parsed": 4, "occurred_at is not a time": 6},
    }


def test_what_rules_left_out_is_a_note_only_where_there_is_some() -> None:
    assert left_out({"excluded": {"bots": 1, "us": 0}}) == "Left out by rules: 1 event (bots 1)."
    assert left_out({"excluded": {"us": 0}}) == left_out({}) == ""


def test_a_date_up_to_which_rows_count_is_told() -> None:
    assert as_of({"as_of": "2026-06-30"}) == "As of 2026-06-30: later rows do not count."
    assert as_of({"as_of": None}) == as_of({}) == ""


def test_a_log_none_of_which_counts_says_why() -> None:
    all_late = {"events": 0, "late": 208, "excluded": {"bots": 3, "us": 1}, "rejected": {"x": 5}}
    assert nothing_counts(all_late) == (
        "No event counts: 208 late (received after `as_of`), 4 left out by rules"
        " (`quality: exclude`), 5 rejected."
    )
    assert nothing_counts({**all_late, "events": 1}) == nothing_counts({"events": 0}) == ""
    assert nothing_counts({}) == ""  # a file that no project has


def test_other_failed_tests_stay_as_they_are(con: duckdb.DuckDBPyConnection) -> None:
    other = Failure("test", "unique_x", "Got 2", 2, "x.yml", "x.sql")
    limit = Failure("test", TEST, "Got 1", 1, "x.sql", "x.sql")
    before = BuildResult(1, 1, 0, failed_tests=(other, limit))
    after = told(before, con, defined(rejected=0.005, duplicate=0.5))
    assert after.failed_tests[0] == other
    assert str(after.failed_tests[1]) == (
        f"test {TEST}: rejected 1 % of the event rows (10 of 1,000), limit 0.5 %"
    )
    assert told(BuildResult(1, 1, 0, failed_tests=(other,)), con, {}).failed_tests == (other,)


@pytest.mark.parametrize(
    ("share", "shown"),
    [
        *((0, "0 %"), (1, "100 %"), (0.4123, "41.2 %"), (0.05, "5 %"), (0.01, "1 %")),
        *((0.0049, "0.49 %"), (0.000123, "0.012 %"), (0.000001, "0.0001 %"), (1e-9, "< 0.0001 %")),
    ],
)
def test_little_shares_are_shown_finer(share: float, shown: str) -> None:
    assert fine_percent(share) == shown
