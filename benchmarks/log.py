"""Synthetic logs for measurements: uneven users, twenty event names; made once, in build/bench.

`python -m benchmarks.log PLACE LOG`: PLACE is parquet, days, duckdb or mergetree, LOG the JSON of
a Log.
"""

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import duckdb

from benchmarks.tasks import BOT_ROWS, FOLDER, Log

_START_US = 1_767_225_600_000_000
_SPAN_US = 90 * 86_400_000_000
_LAST_DAY = "timestamp '2026-03-31'"  # the ninetieth


def write_parquet(log: Log) -> None:
    """The log as one Parquet file; every order and kind of id has the same rows."""
    target = log.parquet()
    if log == Log(log.events, bot=log.bot):
        _write(target, _random_rows(log), threads=1)  # the same rows on every machine
        return
    source = Log(log.events, bot=log.bot).parquet()
    _once(source, write_parquet, Log(log.events, bot=log.bot))
    user_id = "user_id" if log.ids == "text" else _key("user_id")
    order = "order by user_id, occurred_at" if log.order == "sorted" else ""
    _write(target, f"select {user_id} as user_id, event_name, occurred_at from '{source}' {order}")


def write_days(log: Log) -> None:
    """The log in two files, cut before its last day."""
    _once(log.parquet(), write_parquet, log)
    for target, where in zip(log.days(), ("<", ">="), strict=True):
        _write(target, f"from '{log.parquet()}' where occurred_at {where} {_LAST_DAY}")


def write_duckdb(log: Log) -> None:
    """The log as a table with the columns of fct_events that a funnel needs."""
    source = Log(log.events, bot=log.bot)
    _once(source.parquet(), write_parquet, source)
    target, part = log.duckdb(), log.duckdb().with_suffix(".part")
    part.unlink(missing_ok=True)
    order = "order by user_key, occurred_at" if log.order == "sorted" else ""
    with duckdb.connect(str(part)) as con:
        con.execute(f"""
            create table events as
            select
                {_key("user_id")} as user_key, event_name, occurred_at,
                file_row_number as event_no
            from read_parquet('{source.parquet()}', file_row_number = true)
            {order}""")
    part.replace(target)


def write_mergetree(log: Log) -> None:
    """The log as ClickHouse would hold it: MergeTree, user and time as its order, one part."""
    from chdb.session import Session

    source = Log(log.events, ids="int", bot=log.bot)
    _once(source.parquet(), write_parquet, source)
    target, part = log.mergetree(), log.mergetree().with_suffix(".part")
    shutil.rmtree(part, ignore_errors=True)
    session = Session(str(part))
    session.query("create database bench engine = Atomic")
    session.query(
        "create table bench.events (user_key Int64, event_name LowCardinality(String),"
        " occurred_at DateTime64(6, 'UTC')) engine = MergeTree order by (user_key, occurred_at)"
    )
    session.query(
        "insert into bench.events select user_id, event_name, occurred_at"
        f" from file('{source.parquet().absolute()}', Parquet,"
        " 'user_id Int64, event_name String, occurred_at DateTime64(6)')"
    )
    session.query("optimize table bench.events final")
    session.close()
    part.replace(target)


def _random_rows(log: Log) -> str:
    """events / 20 users with activity ~ u^-1/2; a bot is one more user with a million rows."""
    users = max(log.events // 20, 1)
    rows = _rows(f"cast(floor(power(random(), 2) * {users}) as bigint)", log.events)
    return f"{rows} union all {_rows(str(users), BOT_ROWS)}" if log.bot else rows


def _rows(user: str, events: int) -> str:
    return f"""
        select
            'u' || {user} as user_id,
            case when random() < 0.3
                then 'e0' || cast(1 + floor(5 * random()) as bigint)
                else 'e' || cast(10 + floor(15 * random()) as bigint)
            end as event_name,
            make_timestamp({_START_US} + cast(floor(random() * {_SPAN_US}) as bigint))
                as occurred_at
        from range({events})"""


def _key(user_id: str) -> str:
    return f"cast(substr({user_id}, 2) as bigint)"


def _write(target: Path, rows: str, threads: int | None = None) -> None:
    part = target.with_suffix(".part")
    # DuckDB would mark columns as never null where it knows; other programs' files do not.
    nullable = (
        "nullif(user_id, '-1') as user_id, nullif(event_name, '') as event_name,"
        " nullif(occurred_at, timestamp '1970-01-01') as occurred_at"
    )
    with duckdb.connect() as con:
        con.execute(f"set temp_directory = '{FOLDER / 'spill'}'")
        con.execute("select setseed(0.5)")
        if threads is not None:
            con.execute(f"set threads = {threads}")
        con.execute(f"copy (select {nullable} from ({rows})) to '{part}' (format parquet)")
    part.replace(target)


def _once(path: Path, write: Callable[[Log], None], log: Log) -> None:
    if not path.exists():
        write(log)


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    wanted = Log(**json.loads(sys.argv[2]))
    writers = {
        "parquet": write_parquet,
        "days": write_days,
        "duckdb": write_duckdb,
        "mergetree": write_mergetree,
    }
    _once(wanted.place(sys.argv[1]), writers[sys.argv[1]], wanted)
