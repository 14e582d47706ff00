"""One contestant a function: it answers a task, and says how long the question itself took.

`python -m benchmarks.contestants TASK` prints one line of JSON: `reached` (users that reach each
step), `seconds` (the question alone: imports and opening left out), `note`. Everybody counts users,
any entry, simultaneous events in step order; whoever cannot, says so in `note`.
"""

import contextlib
import io
import json
import os
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks.kernels import kernel_array, kernel_asof, kernel_windows, warm_up
from benchmarks.tasks import FOLDER, WINDOW_DAYS, WINDOW_US, Task, from_json


@dataclass
class Watch:
    """Times the question alone; `note` is what the reader of the table has to know."""

    seconds: float | None = None
    note: str = ""
    _start: float = field(default_factory=time.perf_counter)

    def start(self) -> None:
        """What came before was imports and opening."""
        self._start = time.perf_counter()

    def stop(self) -> None:
        """The answer is there."""
        self.seconds = time.perf_counter() - self._start


def limit(task: Task, watch: Watch) -> list[int]:
    """What this engine cannot be faster than: read the step rows, group them by user."""
    con, rows, user = _duckdb(task)
    watch.start()
    con.execute(f"""
        select count(*), max(latest) from (
            select {user}, max(occurred_at) as latest from {rows}
            where event_name in ({_list(task.names)}) group by {user})""").fetchall()
    watch.stop()
    return []


def naive(task: Task, watch: Watch) -> list[int]:
    """What an analyst writes first: each step joined to the entry and the step before."""
    con, rows, user = _duckdb(task)
    joins = "\n".join(
        f"left join (select {user} as u, occurred_at as t from {rows}"
        f" where event_name = '{name}') as s{k}"
        f" on s1.u = s{k}.u and s{k}.t >= s{k - 1}.t"
        f" and s{k}.t <= s1.t + interval {WINDOW_DAYS} days"
        for k, name in enumerate(task.names[1:], start=2)
    )
    counts = ", ".join(f"count(distinct s{k}.u)" for k in range(1, task.steps + 1))
    entries = (
        f"select {user} as u, occurred_at as t from {rows} where event_name = '{task.names[0]}'"
    )
    watch.start()
    found = con.execute(f"select {counts} from ({entries}) as s1 {joins}").fetchall()
    watch.stop()
    return list(found[0])


def explore(task: Task, watch: Watch) -> list[int]:
    """The command line under a memory limit: DuckDB has no variable for it, so it is set here."""
    from funnelkit.cli import main

    output = io.StringIO()
    with _limited_duckdb(task), contextlib.redirect_stdout(output):
        try:
            watch.start()
            main(explore_arguments(task))
        except SystemExit as end:
            if end.code:
                raise
        finally:
            watch.stop()
    return explored(output.getvalue())


def explore_arguments(task: Task) -> list[str]:
    """The words after `funnelkit` that ask the task's question."""
    steps = [word for name in task.names for word in ("--step", name)]
    asked = ["--window", f"{WINDOW_DAYS}d", "--entry", "best", "--format", "json"]
    return ["explore", "--events", str(task.log.parquet()), *steps, *asked]


def explored(output: str) -> list[int]:
    """Users that reach each step, from the JSON that `explore` prints."""
    return [row["reached"] for row in json.loads(output)["rows"]]


def clickhouse(task: Task, watch: Watch) -> list[int]:
    """windowFunnel; of a Parquet file it is told the columns' types, which halves its time."""
    types = f"user_id {'String' if task.log.ids == 'text' else 'Int64'}, event_name String"
    return _clickhouse(task, watch, f", '{types}, occurred_at DateTime64(6)'")


def clickhouse_inferred(task: Task, watch: Watch) -> list[int]:
    """The same as one types it: ClickHouse finds the types, and takes every column for nullable."""
    return _clickhouse(task, watch, "")


def _clickhouse(task: Task, watch: Watch, types: str) -> list[int]:
    if task.place == "table":
        from chdb.session import Session

        query, user = Session(str(task.log.mergetree())).query, "user_key"
        rows = "bench.events"
    else:
        from chdb import query

        user = "user_id"
        rows = f"file('{task.log.parquet().absolute()}', Parquet{types})"
    query("select 1")
    conditions = ", ".join(f"event_name = '{name}'" for name in task.names)
    settings = ""
    if task.memory_gb is not None:  # as its manual advises: half of the limit, then to disk
        most = int(task.memory_gb * 1e9)
        settings = (
            f"settings max_memory_usage = {most}, max_bytes_before_external_group_by = {most // 2}"
        )
    watch.start()
    found = query(
        f"""
        select level, count() from (
            select windowFunnel({WINDOW_US})(
                toUInt64(toUnixTimestamp64Micro(occurred_at)), {conditions}) as level
            from {rows} where event_name in ({_list(task.names)}) group by {user})
        where level > 0 group by level {settings}""",
        "CSV",
    )
    watch.stop()
    lines = [line.split(",") for line in str(found).split()]
    levels = {int(level): int(users) for level, users in lines}
    return [sum(n for level, n in levels.items() if level >= k) for k in range(1, task.steps + 1)]


def polars(task: Task, watch: Watch) -> list[int]:
    """A lazy query: sort, then carry the latest start of each step forward within a user."""
    import polars as pl

    watch.note = "no memory limit" if task.memory_gb else ""
    watch.start()
    rows = (
        pl.scan_parquet(task.log.parquet())
        .filter(pl.col("event_name").is_in(task.names))
        .select("user_id", "event_name", us=pl.col("occurred_at").dt.epoch("us"))
        .sort("user_id", "us")
        .with_row_index("i")
    )
    is_new = (pl.col("user_id") != pl.col("user_id").shift(1)).fill_null(True)
    is_step = pl.col("event_name") == task.names[0]
    rows = rows.with_columns(
        first=pl.when(is_new).then("i").forward_fill(),
        s1=pl.when(is_step).then("us"),
        i1=pl.when(is_step).then("i"),
    )
    for k, name in enumerate(task.names[1:], start=2):
        start = pl.col(f"s{k - 1}").forward_fill().shift(1)
        row = pl.col(f"i{k - 1}").forward_fill().shift(1)
        reached = (
            (pl.col("event_name") == name)
            & (row >= pl.col("first"))
            & (pl.col("us") - start <= WINDOW_US)
        )
        rows = rows.with_columns(
            pl.when(reached).then(start).alias(f"s{k}"), pl.when(reached).then("i").alias(f"i{k}")
        )
    steps = [pl.col(f"i{k}").is_not_null().any() for k in range(1, task.steps + 1)]
    counts = rows.group_by("user_id").agg(steps).select(pl.exclude("user_id").sum())
    found = counts.collect().row(0)
    watch.stop()
    return list(found)


def retentioneering(task: Task, watch: Watch) -> list[int]:
    """Its headless funnel, in an environment of its own (benchmarks/run.py makes it)."""
    # It reports its use to its makers: switched off, and the module that would is not there.
    os.environ["RETENTIONEERING_NO_TRACK"] = "1"
    os.environ["HOME"] = str(FOLDER.absolute())
    sys.modules["posthog"] = None  # type: ignore[assignment]
    import duckdb
    from retentioneering import Eventstream

    watch.note = "no window: counts more users"
    watch.start()
    log = duckdb.sql(f"select user_id, event_name, occurred_at from '{task.log.parquet()}'").df()
    columns = {"path_cols": ["user_id"], "event_col": "event_name", "timestamp_col": "occurred_at"}
    stream = Eventstream(log, schema=columns)
    found = stream.funnel_data(steps=list(task.names))
    watch.stop()
    return [step["unique_paths"] for step in found["steps"]]


def _on_table(kernel: Callable[[Any, Task], list[int]]) -> Callable[[Task, Watch], list[int]]:
    def contestant(task: Task, watch: Watch) -> list[int]:
        con, _, _ = _duckdb(task)
        warm_up()
        watch.start()
        found = kernel(con, task)
        watch.stop()
        return found

    return contestant


def _duckdb(task: Task) -> tuple[Any, str, str]:
    """A connection, the relation of the log's rows and the column of its users."""
    import duckdb

    config: dict[str, Any] = {"temp_directory": str(FOLDER / "spill")}
    if task.memory_gb is not None:
        config["memory_limit"] = f"{task.memory_gb}GB"
    if task.place == "parquet":
        return duckdb.connect(config=config), f"'{task.log.parquet()}'", "user_id"
    return (
        duckdb.connect(str(task.log.duckdb()), read_only=True, config=config),
        "events",
        "user_key",
    )


@contextlib.contextmanager
def _limited_duckdb(task: Task) -> Iterator[None]:
    import duckdb

    connect = duckdb.connect

    def limited(*args: Any, config: Any = None, **options: Any) -> Any:
        limits = {"memory_limit": f"{task.memory_gb}GB"} if task.memory_gb else {}
        return connect(*args, config={**(config or {}), **limits}, **options)

    duckdb.connect = limited
    try:
        yield
    finally:
        duckdb.connect = connect


def _list(names: Sequence[str]) -> str:
    return ", ".join(f"'{name}'" for name in names)


CONTESTANTS: dict[str, Callable[[Task, Watch], list[int]]] = {
    "limit": limit,
    "explore": explore,
    "kernel_array": _on_table(kernel_array),
    "kernel_asof": _on_table(kernel_asof),
    "kernel_windows": _on_table(kernel_windows),
    "clickhouse": clickhouse,
    "clickhouse_inferred": clickhouse_inferred,
    "polars": polars,
    "retentioneering": retentioneering,
    "naive": naive,
}


def main(text: str) -> None:
    """Answers one task on stdout."""
    task, watch = from_json(text), Watch()
    reached = CONTESTANTS[task.contestant](task, watch)
    print(json.dumps({"reached": reached, "seconds": watch.seconds, "note": watch.note}))
    sys.stdout.flush()


if __name__ == "__main__":
    assert Path("benchmarks").is_dir(), "run from the repository's folder"
    main(sys.argv[1])
