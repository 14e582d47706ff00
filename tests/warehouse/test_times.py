"""The time grammar, against datetime.fromisoformat and plain arithmetic; Python and dbt alike."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from funnelkit.errors import FunnelkitError
from funnelkit.warehouse.connect import memory
from funnelkit.warehouse.macros import render
from funnelkit.warehouse.times import checked_format, time_sql, utc_text

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

READABLE = {
    "2026-03-29": "2026-03-29 00:00:00",
    "2026-03-29T08:00": "2026-03-29 08:00:00",
    "2026-03-29 08:00:00": "2026-03-29 08:00:00",
    "2026-03-29T08:00:00Z": "2026-03-29 08:00:00",
    "  2026-03-29T08:00:00Z  ": "2026-03-29 08:00:00",
    "2026-03-29 08:00:00 UTC": "2026-03-29 08:00:00",
    "2026-03-29 08:00:00UTC": "2026-03-29 08:00:00",
    "2026-03-29T08:00:00.5+02:00": "2026-03-29 06:00:00.5",
    "2026-03-29T08:00:00 +0200": "2026-03-29 06:00:00",
    "2026-03-29 08:00:00 -02": "2026-03-29 10:00:00",
    "2026-03-29T08:00+05:45": "2026-03-29 02:15:00",
    "2026-03-29T08:00:00.123456789Z": "2026-03-29 08:00:00.123456",
    "2024-02-29": "2024-02-29 00:00:00",
    "2026-01-01T00:30:00+01:00": "2025-12-31 23:30:00",
    # An hour that does not exist, and one that comes twice, in Berlin: the offset says which.
    "2026-03-29T02:30:00+01:00": "2026-03-29 01:30:00",
    "2026-10-25T02:30:00+02:00": "2026-10-25 00:30:00",
    "2026-10-25T02:30:00+01:00": "2026-10-25 01:30:00",
    "999999999": "2001-09-09 01:46:39",
    "1767225600": "2026-01-01 00:00:00",
    "1767225600.25": "2026-01-01 00:00:00.25",
    "1767225600.1234567": "2026-01-01 00:00:00.123456",
    "1767225600.0": "2026-01-01 00:00:00",
    "1767225600123": "2026-01-01 00:00:00.123",
    "1767225600123.4": "2026-01-01 00:00:00.1234",
    "1767225600123456": "2026-01-01 00:00:00.123456",
    "1767225600123456789": "2026-01-01 00:00:00.123456",
}
UNREADABLE = [
    "", " ", "yesterday", "01/02/2026", "29.03.2026", "20260329", "2026-3-29", "2026-03",
    "2026-02-30", "2026-13-01", "2026-03-29T25:00:00", "2026-03-29T08:00:60Z", "2026-03-29T08",
    "2026-03-29T08:00:00+99:00", "2026-03-29T08:00:00+02:60", "2026-03-29T08:00:00 Europe/Berlin",
    "2026-03-29 08:00:00 PST", "2026-03-29Z", "0026-03-29", "12026-03-29", "3026-03-29",
    "-2026-03-29", "infinity", "epoch", "now", "today", "12345678", "12345678901",
    "12345678901234", "12345678901234567890", "-1767225600", "1.7e9", "1767225600.", "0", "NaN",
    "2026-03-29T08:00:00Z\n", "2026-03-29T08:00:00Z; drop table raw.events", "2026-03-29\x00",
    "\u202e2026-03-29", "２０２６-03-29", "2026-03-29T08:00:00.1234567891Z",
]  # fmt: skip


def _read(con: "DuckDBPyConnection", sql: str, values: list[str]) -> list[str | None]:
    con.execute(
        "create or replace temp table v as select * from (select unnest($v) as x)", {"v": values}
    )
    rows = con.execute(f"select cast({sql} as varchar) from v order by rowid").fetchall()
    return [text for (text,) in rows]


@pytest.fixture(params=["python", "dbt"])
def sql(request: pytest.FixtureRequest) -> str:
    return time_sql("x") if request.param == "python" else render("parse_time", "x")


@pytest.mark.parametrize("zone", ["UTC", "America/New_York"])
def test_readable(con: "DuckDBPyConnection", sql: str, zone: str) -> None:
    con.execute(f"set TimeZone = '{zone}'")
    assert dict(zip(READABLE, _read(con, sql, list(READABLE)), strict=True)) == READABLE


def test_unreadable_is_null_and_never_an_error(con: "DuckDBPyConnection", sql: str) -> None:
    assert [
        (value, found)
        for value, found in zip(UNREADABLE, _read(con, sql, UNREADABLE), strict=True)
        if found is not None
    ] == []


def test_dbt_macro_is_the_same_expression() -> None:
    assert render("parse_time", "some.column").split() == time_sql("some.column").split()


def test_what_the_loader_writes_reads_back_as_itself(con: "DuckDBPyConnection") -> None:
    written = _read(con, utc_text(f"({time_sql('x')})"), list(READABLE))
    assert written == [f"{text}Z" for text in READABLE.values()]
    assert _read(con, utc_text(f"({time_sql('x')})"), [str(text) for text in written]) == written


@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo"])
def test_a_format_comes_first_and_then_the_grammar(con: "DuckDBPyConnection", zone: str) -> None:
    con.execute(f"set TimeZone = '{zone}'")
    zoned = time_sql("x", checked_format(con, "%d.%m.%Y %H:%M %z"))
    assert _read(con, zoned, ["02.01.2026 01:00 +0200", "2026-01-02", "1767225600", "x"]) == [
        "2026-01-01 23:00:00", "2026-01-02 00:00:00", "2026-01-01 00:00:00", None,
    ]  # fmt: skip
    # Eight digits are no time, unless the format says so; it wins where both could read.
    naive = time_sql("x", checked_format(con, "%Y%m%d%H"))
    assert _read(con, naive, ["2026010205", "20260102"]) == ["2026-01-02 05:00:00", None]


@pytest.mark.parametrize("bad", ["%Q", "%d' %Q", "%"])
def test_what_is_no_format(con: "DuckDBPyConnection", bad: str) -> None:
    con.execute("begin")
    with pytest.raises(FunnelkitError, match=r"is not a strptime format|names no part of a time"):
        checked_format(con, bad)
    con.execute("select 1")  # the transaction goes on


_times = st.datetimes(datetime(1000, 1, 2), datetime(2999, 12, 30))
_offsets = st.integers(-15 * 60, 15 * 60)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.tuples(_times, _offsets, st.sampled_from("T ")), min_size=1, max_size=50))
def test_any_iso_time_is_read_as_python_reads_it(cases: list[tuple[datetime, int, str]]) -> None:
    texts, expected = [], []
    for naive, minutes, separator in cases:
        sign, (hours, rest) = "+-"[minutes < 0], divmod(abs(minutes), 60)
        texts.append(f"{naive.isoformat(separator)}{sign}{hours:02}:{rest:02}")
        expected.append(naive - timedelta(minutes=minutes))
    with memory() as con:
        found = _read(con, time_sql("x"), texts)
    assert [datetime.fromisoformat(str(text)) for text in found] == expected


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(10**14, 9 * 10**15), min_size=1, max_size=50))
def test_epochs_of_every_unit(micros: list[int]) -> None:
    cases = [(us, divisor) for us in micros for divisor in (1_000_000, 1_000, 1)]
    with memory() as con:
        found = _read(con, time_sql("x"), [str(us // divisor) for us, divisor in cases])
    assert [datetime.fromisoformat(f"{text}+00:00") for text in found] == [
        datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=us // divisor * divisor)
        for us, divisor in cases
    ]


@settings(max_examples=20, deadline=None)
@given(st.lists(st.text("0123456789-+:.TZ /UC", max_size=30), min_size=1, max_size=100))
def test_near_misses_never_raise_and_both_forms_agree(values: list[str]) -> None:
    with memory() as con:
        assert _read(con, time_sql("x"), values) == _read(con, render("parse_time", "x"), values)
