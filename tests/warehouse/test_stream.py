"""The array kernel's stream: cut anywhere between entities; its short cuts lose nothing."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest

from funnelkit.warehouse import stream
from funnelkit.warehouse.answers import step_counts
from funnelkit.warehouse.explore import Log, journeys
from funnelkit.warehouse.explore_log import Question
from funnelkit.warehouse.macros import funnel_specs

STEPS = ["a", "b", "c"]
# Users of very different sizes, times of whole seconds so that ties occur.
LOG = """
    select
        'u' || cast(floor(power(hash(i, 1) % 1000 / 1000, 2) * 400) as bigint) as user_id,
        chr(97 + cast(hash(i, 2) % 5 as integer)) as event_name,
        timestamp '2026-01-01' + to_seconds(cast(hash(i, 3) % 86400 as bigint)) as occurred_at
    from range(20000) t(i)
"""


def parquet(path: Path, sql: str) -> Path:
    duckdb.sql(f"copy ({sql}) to '{path}' (format parquet)")
    return path


def asked(path: Path, **options: Any) -> Question:
    more = {key: options.pop(key) for key in ("engine", "lean", "entity") if key in options}
    entity = more.pop("entity", "user_id")
    definition = {"steps": STEPS, "window": "1 hour", "entity": entity, **options}
    (spec,) = funnel_specs({"f": definition})
    return Question([str(path)], spec, {}, **more)


def explore(question: Question) -> tuple[list[dict[str, Any]], Log]:
    """Counts by step, and what was read, whatever the file's name."""
    with journeys(question) as (con, log):
        return step_counts(con, question.spec), replace(log, files=())


@pytest.mark.parametrize("entry", ["first", "best"])
@pytest.mark.parametrize(
    "windows", [{}, {"step_window": "10 minutes"}, {"window": None}], ids=["window", "both", "none"]
)
def test_where_the_stream_is_cut_changes_nothing(tmp_path, monkeypatch, entry, windows):
    log = parquet(tmp_path / "log.parquet", LOG)
    options = {"entry": entry, **windows}
    whole = explore(asked(log, engine="duckdb", **options))
    assert whole[0][-1]["reached"] > 0
    for rows in (4_000_000, 5000, 700, 100):
        monkeypatch.setattr(stream, "CHUNK_ROWS", rows)
        assert explore(asked(log, **options)) == whole
        assert explore(asked(log, lean=True, **options)) == whole


def test_numbers_as_ids_stay_numbers_and_count_the_same(tmp_path):
    text = parquet(tmp_path / "text.parquet", LOG)
    number = parquet(
        tmp_path / "number.parquet",
        f"select * replace (cast(substring(user_id, 2) as bigint) as user_id) from ({LOG})",
    )
    assert explore(asked(text)) == explore(asked(number))


@pytest.mark.parametrize(
    ("bad", "reason"),
    [
        ("null, 'a', timestamp '2026-01-01'", "user_id is missing"),
        ("'', 'a', timestamp '2026-01-01'", "user_id is missing"),
        ("'u', null, timestamp '2026-01-01'", "event_name is missing"),
        ("'u', '', timestamp '2026-01-01'", "event_name is missing"),
        ("'u', 'a', null", "occurred_at is missing"),
        ("'u', 'a', timestamp '1999-12-31 23:59:59'", "occurred_at is before 2000"),
    ],
)
def test_one_bad_row_ends_the_short_cut(tmp_path, bad, reason):
    log = parquet(tmp_path / "log.parquet", f"{LOG} union all select {bad}")
    found, slow = (explore(asked(log, engine=engine)) for engine in ("array", "default"))
    assert dict(found[1].rejected) == {reason: 1}
    assert found[1].rows == 20001
    assert found == slow


def test_a_clock_ahead_of_receipt_ends_the_short_cut(tmp_path):
    rows = f"select *, occurred_at as received_at from ({LOG})"
    late = "select 'u', 'a', timestamp '2027-01-01', timestamp '2026-01-01'"
    log = parquet(tmp_path / "log.parquet", f"{rows} union all {late}")
    found = explore(asked(log))
    assert dict(found[1].rejected) == {"occurred_at is more than a day after received_at": 1}
    assert found[1].last_event_at == "2026-01-01T23:59:57Z"


def test_a_time_with_a_zone_is_an_instant_there_too(tmp_path):
    plain = parquet(tmp_path / "plain.parquet", LOG)
    zoned = parquet(
        tmp_path / "zoned.parquet",
        f"select * replace (timezone('UTC', occurred_at) as occurred_at) from ({LOG})",
    )
    assert explore(asked(zoned)) == explore(asked(plain))


@pytest.mark.parametrize(
    "rules",
    [
        {"order": "strict"},
        {"order": "any"},
        {"count": "entries"},
        {"exclude": ["d"]},
        {"hold": ["user_id"]},
        {"steps": ["a", {"name": "b", "optional": True}, "c"]},
        {"steps": ["a", "b", {"name": "again", "event": "a"}]},
        {"row_reuse": True},
    ],
)
def test_other_rules_are_left_to_the_sql_kernel(tmp_path, rules):
    log = parquet(tmp_path / "log.parquet", LOG)
    by_itself, by_sql = (explore(asked(log, engine=each, **rules)) for each in ("array", "duckdb"))
    question = asked(log, **rules)
    assert question.needs_events or not stream.can_stream(question.asked, 0)
    assert by_itself == by_sql


def test_a_far_future_fits_no_number_and_is_left_to_the_sql_kernel(tmp_path):
    log = parquet(
        tmp_path / "log.parquet", f"{LOG} union all select 'u', 'a', timestamp '99999-01-01'"
    )
    question = asked(log)
    assert not stream.can_stream(question.asked, 99_999 * 365 * 86_400 * 10**6)
    assert explore(question) == explore(asked(log, engine="duckdb"))
