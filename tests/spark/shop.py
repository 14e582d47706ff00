"""A small project to load and build on Spark, and what its tables hold."""

import importlib.util
import shutil
from pathlib import Path

import duckdb
import pytest

REASON = next(
    (
        reason
        for missing, reason in (
            (importlib.util.find_spec("pyspark") is None, "needs the extra `spark`"),
            (shutil.which("java") is None, "Spark needs Java"),
        )
        if missing
    ),
    "",
)
on_spark = pytest.mark.skipif(bool(REASON), reason=REASON)

EVENTS = """\
user_id,event_name,occurred_at,plan
u1,signed_up,2026-01-01 10:00:00,free
u1,bought,2026-01-02 10:00:00,free
u1,looked,2026-01-03 10:00:00,free
u2,signed_up,2026-01-02 11:00:00,pro
u2,looked,2026-01-02 12:00:00,pro
u3,signed_up,yesterday,pro
"""


def project(folder: Path) -> Path:
    """A funnel of two steps, and its log as CSV; nothing loaded."""
    from funnelkit.project.scaffold import write_project

    block = "funnels:\n  first: {steps: [signed_up, bought], window: 7 days}\n"
    block += "reports:\n  first: {title: First, funnels: [first]}\n"
    write_project(folder, "shop", block)
    (folder / "events.csv").write_text(EVENTS, "utf-8")
    return folder


def rows(folder: Path, sql: str) -> list[tuple[object, ...]]:
    with duckdb.connect(str(folder / "build" / "warehouse.duckdb"), read_only=True) as con:
        return con.execute(sql).fetchall()


def read(folder: Path, table: str, what: str = "*", order: str = "all") -> list[tuple[object, ...]]:
    files = f"read_parquet('{folder}/{table}/**/*.parquet', hive_partitioning = false)"
    with duckdb.connect() as con:
        return con.execute(f"select {what} from {files} order by {order}").fetchall()
